import { decodePart } from '../client/decode-part.ts';

/** Where the page is: `#/library/3/images/55` is the screen `library` at `['3', 'images', '55']`. */
export type Place = { screen: string; path: readonly string[] };

/** The page's place, kept in its address, so that back, forward and reload do what they promise. */
export class Navigation {
  #place = $state.raw<Place>({ screen: '', path: [] });

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

  get place(): Place {
    return this.#place;
  }

  go(screen: string, ...path: readonly (string | number)[]): void {
    const place = { screen, path: path.map(String) };
    if (toHash(place) === toHash(this.#place)) return;
    history.pushState(null, '', toHash(place));
    this.#place = place;
  }

  /** As `go`, for steps that the back button should not stop at. */
  replace(screen: string, ...path: readonly (string | number)[]): void {
    this.#place = { screen, path: path.map(String) };
    history.replaceState(null, '', toHash(this.#place));
  }

  /** Follows back, forward and typed addresses. @returns how to stop */
  follow(): () => void {
    const read = () => {
      this.#place = readHash(location.hash) ?? this.#place;
    };
    window.addEventListener('popstate', read);
    return () => window.removeEventListener('popstate', read);
  }
}

function toHash({ screen, path }: Place): string {
  return `#/${[screen, ...path].map(encodeURIComponent).join('/')}`;
}

/** Undefined for an address that names no place. */
export function readHash(hash: string): Place | undefined {
  if (!hash.startsWith('#/')) return undefined;
  const [screen, ...path] = hash.slice(2).split('/').map(decodePart);
  return screen ? { screen, path } : undefined;
}
