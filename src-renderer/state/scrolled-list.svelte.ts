import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import type { ImageId } from '../../src-main/contract/ids.ts';
import type { ShownError } from '../client/error.ts';
import { attempt } from './attempt.ts';

/** How a list of images is read. */
export type ListReader<Details> = {
  /** The ids from a cursor on, or from the start. */
  readIds: (cursor: string | null) => Promise<{ items: ImageId[]; nextCursor: string | null }>;
  readMany: (ids: ImageId[]) => Promise<Details[]>;
  idOf: (details: Details) => ImageId;
};

const DETAILS_AT_ONCE = 100;
/** Details read in advance of scrolling, in images. */
const AHEAD = 50;
/** While a job adds images all the time, reading the list again takes at most this part of the time. */
const REST_FACTOR = 10;
const MIN_REST_MS = 800;

/**
 * A list of images of any length: all ids, so that it can be scrolled to any place at once, and the details of
 * those that have been near the screen.
 */
export class ScrolledList<Details> {
  readonly #reader: ListReader<Details>;
  #ids = $state.raw<readonly ImageId[]>([]);
  #isLoaded = $state(false);
  #error = $state.raw<ShownError>();
  readonly #details = new SvelteMap<ImageId, Details>();
  // Not shown, so nothing has to follow it.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #asked = new Set<ImageId>();
  #isReading = false;
  #isStale = false;

  constructor(reader: ListReader<Details>) {
    this.#reader = reader;
  }

  get ids(): readonly ImageId[] {
    return this.#ids;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  /** What has been read of an image so far. */
  details(id: ImageId): Details | undefined {
    return this.#details.get(id);
  }

  /** Reads the list (again). Calls while it is being read lead to one more reading after a rest. */
  async refresh(): Promise<void> {
    if (this.#isReading) {
      this.#isStale = true;
      return;
    }
    this.#isReading = true;
    do {
      this.#isStale = false;
      const startMs = performance.now();
      this.#error = await attempt(() => untrack(() => this.#read()));
      this.#isLoaded = true;
      const restMs = Math.max(MIN_REST_MS, REST_FACTOR * (performance.now() - startMs));
      if (this.#isStaleNow()) await new Promise((resolve) => setTimeout(resolve, restMs));
    } while (this.#isStaleNow());
    this.#isReading = false;
  }

  /** Asks for the details of the images between two places, and of some around them. */
  async ensure(from: number, to: number): Promise<void> {
    const ids = untrack(() => this.#ids);
    // In whole blocks, or every row that is scrolled past would be a separate request.
    const [start, end] = [Math.floor((from - AHEAD) / AHEAD), Math.ceil((to + AHEAD) / AHEAD)];
    const missing = ids.slice(Math.max(0, start) * AHEAD, end * AHEAD).filter((id) => !this.#asked.has(id));
    for (let next = 0; next < missing.length; next += DETAILS_AT_ONCE) {
      await this.#readDetails(missing.slice(next, next + DETAILS_AT_ONCE));
    }
  }

  /** Reads the details of these again, where they have been read: the list itself is as it was. */
  async reread(ids: Iterable<ImageId>): Promise<void> {
    const known = [...ids].filter((id) => untrack(() => this.#details.has(id)));
    for (let next = 0; next < known.length; next += DETAILS_AT_ONCE)
      await this.#readDetails(known.slice(next, next + DETAILS_AT_ONCE));
  }

  async #read(): Promise<void> {
    const ids: ImageId[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: ImageId[]; nextCursor: string | null } = await this.#reader.readIds(cursor);
      ids.push(...page.items);
      cursor = page.nextCursor;
      // The first time, what has been read is shown at once; later, the list is replaced when it is complete.
      if (!this.#isLoaded) this.#ids = [...ids];
    } while (cursor !== null);
    this.#asked.clear();
    this.#ids = ids;
  }

  async #readDetails(ids: ImageId[]): Promise<void> {
    for (const id of ids) this.#asked.add(id);
    const error = await attempt(async () => {
      for (const one of await this.#reader.readMany(ids)) this.#details.set(this.#reader.idOf(one), one);
    });
    // They are asked for again when they next come near the screen.
    if (error) for (const id of ids) this.#asked.delete(id);
  }

  /** A method, because the flag changes while `refresh` waits. */
  #isStaleNow(): boolean {
    return this.#isStale;
  }
}
