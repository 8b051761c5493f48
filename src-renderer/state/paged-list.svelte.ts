import { untrack } from 'svelte';
import type { ShownError } from '../client/error.ts';
import { attempt } from './attempt.ts';

type Page<T> = { items: T[]; nextCursor: string | null };

/** A list that is read page by page as it is scrolled. */
export class PagedList<T> {
  readonly #readPage: (cursor: string | null) => Promise<Page<T>>;
  #items = $state.raw<readonly T[]>([]);
  #nextCursor = $state<string | null>(null);
  #isLoaded = $state(false);
  #error = $state.raw<ShownError>();
  #isReading = false;
  /** Whether the list was asked for again while it was being read. */
  #isStale = false;

  constructor(readPage: (cursor: string | null) => Promise<Page<T>>) {
    this.#readPage = readPage;
  }

  get items(): readonly T[] {
    return this.#items;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  /** Whether `more` would read something. */
  get hasMore(): boolean {
    return this.#nextCursor !== null;
  }

  /** Reads the list from its start. */
  refresh(): Promise<void> {
    return this.#read(null, []);
  }

  /** Reads the next page, where there is one. */
  async more(): Promise<void> {
    const [cursor, items] = untrack(() => [this.#nextCursor, this.#items] as const);
    if (cursor !== null) await this.#read(cursor, items);
  }

  async #read(cursor: string | null, before: readonly T[]): Promise<void> {
    // What is being read may be older than what is asked for: a new start is made after it, another page is not needed twice.
    if (this.#isReading) {
      this.#isStale ||= cursor === null;
      return;
    }
    this.#isReading = true;
    this.#error = await attempt(async () => {
      const page = await this.#readPage(cursor);
      this.#items = [...before, ...page.items];
      this.#nextCursor = page.nextCursor;
    });
    this.#isLoaded = true;
    this.#isReading = false;
    if (!this.#isStale) return;
    this.#isStale = false;
    await this.refresh();
  }
}
