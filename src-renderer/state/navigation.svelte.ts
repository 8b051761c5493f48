import { decodePart } from '../client/decode-part.ts';

/** What else belongs to a view, such as filters and sort: `?sort=score`. */
export type Query = Readonly<Record<string, string>>;
/** Where the page is: `#/library/3/images/55` is the screen `library` at `['3', 'images', '55']`. */
export type Place = { screen: string; path: readonly string[]; query: Query };
type Step = string | number;

/** The page's place, kept in its address, so that back, forward, reload and a copied address do what they promise. */
export class Navigation {
  #place = $state.raw<Place>({ screen: '', path: [], query: {} });
  /** How often somebody has gone somewhere. */
  #moves = 0;
  /** The place without its query. Nothing follows it: an effect that takes a place must not run again because of that. */
  #at = '';

  /** @param home where to go if the address names no place */
  constructor(home: Place) {
    this.#place = readHash(location.hash) ?? home;
    history.replaceState(null, '', toHash(this.#place));
  }

  get screen(): string {
    return this.#place.screen;
  }

  get path(): readonly string[] {
    return this.#place.path;
  }

  get query(): Query {
    return this.#place.query;
  }

  get place(): Place {
    return this.#place;
  }

  /**
   * To be asked for before something is waited for that leads somewhere else.
   * @returns whether the page is still where it was: who has gone elsewhere meanwhile is not called back
   */
  stay(): () => boolean {
    const moves = this.#moves;
    return () => moves === this.#moves;
  }

  go(screen: string, ...path: readonly Step[]): void {
    this.#push({ screen, path: path.map(String), query: {} });
  }

  /** As `go`, for steps that the back button should not stop at. */
  replace(screen: string, ...path: readonly Step[]): void {
    this.#put({ screen, path: path.map(String), query: {} });
  }

  /** As `replace`, where the address only begins to say what is shown already: nobody has gone anywhere. */
  settle(screen: string, ...path: readonly Step[]): void {
    const moves = this.#moves;
    this.replace(screen, ...path);
    this.#moves = moves;
  }

  /** As `go` and `replace`, inside the screen: what its query says stays. */
  goWithin(...path: readonly Step[]): void {
    this.#push({ ...this.#place, path: path.map(String) });
  }

  /** As `settle`, inside the screen. */
  settleWithin(...path: readonly Step[]): void {
    const moves = this.#moves;
    this.replaceWithin(...path);
    this.#moves = moves;
  }

  replaceWithin(...path: readonly Step[]): void {
    this.#put({ ...this.#place, path: path.map(String) });
  }

  /** Changes part of the query; undefined removes it. */
  setQuery(change: Record<string, string | undefined>): void {
    const entries = Object.entries({ ...this.#place.query, ...change });
    const query = Object.fromEntries(
      entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    );
    this.#put({ ...this.#place, query });
  }

  /** Follows back, forward and typed addresses, also of the time since it was made. @returns how to stop */
  follow(): () => void {
    const read = () => {
      this.#take(readHash(location.hash) ?? this.#place);
    };
    read();
    window.addEventListener('popstate', read);
    return () => window.removeEventListener('popstate', read);
  }

  #push(place: Place): void {
    if (toHash(place) === toHash(this.#place)) return;
    history.pushState(null, '', toHash(place));
    this.#take(place);
  }

  #put(place: Place): void {
    if (toHash(place) === toHash(this.#place)) return;
    history.replaceState(null, '', toHash(place));
    this.#take(place);
  }

  /** A change of the query is no move: who filters a list is still there. */
  #take(place: Place): void {
    const at = toHash({ ...place, query: {} });
    if (at !== this.#at) this.#moves++;
    this.#at = at;
    this.#place = place;
  }
}

function toHash({ screen, path, query }: Place): string {
  const search = new URLSearchParams(query).toString();
  return `#/${[screen, ...path].map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

/** Undefined for an address that names no place. */
export function readHash(hash: string): Place | undefined {
  if (!hash.startsWith('#/')) return undefined;
  const [address = '', search = ''] = hash.slice(2).split('?', 2);
  const [screen, ...path] = address.split('/').map(decodePart);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- it is read once, and never changed
  return screen ? { screen, path, query: Object.fromEntries(new URLSearchParams(search)) } : undefined;
}
