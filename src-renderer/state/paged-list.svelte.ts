import { untrack } from 'svelte';
import type { ShownError } from '../client/error.ts';
import { attempt } from './attempt.ts';

type Page<T> = { items: T[]; nextCursor: string | null };

/** A list that is read page by page as it is scrolled. */
export class PagedList<T> {
  readonly #readPage: (cursor: string | null) => Promise<Page<T>>;
  #items = $state.raw<readonly T[]>([]);
  #nextCursor: string | null = null;
  #isLoaded = $state(false);
  #error = $state.raw<ShownError>();
  #isReading = false;

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

  /** Reads the list from its start. */
  refresh(): Promise<void> {
    return this.#read(null, []);
  }

  /** Reads the next page, where there is one. */
  async more(): Promise<void> {
    if (this.#nextCursor !== null)
      await this.#read(
        this.#nextCursor,
        untrack(() => this.#items),
      );
  }

  async #read(cursor: string | null, before: readonly T[]): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#error = await attempt(async () => {
      const page = await this.#readPage(cursor);
      this.#items = [...before, ...page.items];
      this.#nextCursor = page.nextCursor;
    });
    this.#isLoaded = true;
    this.#isReading = false;
  }
}
