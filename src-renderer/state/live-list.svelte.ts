import { attempt, attemptLoudly } from './attempt.ts';
import { coalesce } from './coalesce.ts';
import type { Toasts } from './toasts.svelte.ts';

const REST_MS = 500;

/** One item as it is known since the reading that has this number; undefined: it was removed. */
type Known<Item> = { id: number; reading: number; item: Item | undefined };

/**
 * A list of the service's, kept up to date by events. Answers may come in another order than they were asked for: one
 * that was asked for earlier never replaces what a later one has said.
 */
export abstract class LiveList<Item extends { id: number }> {
  protected readonly toasts: Toasts;
  readonly #read: () => Promise<readonly Item[]>;
  #all = $state.raw<readonly Item[]>([]);
  #changes = $state(0);
  /** Readings are numbered in the order in which they were asked for. */
  #readings = 0;
  /** The reading of the whole list that is shown. */
  #shown = 0;
  /** Items that were read or removed individually, later than the whole list was asked for. */
  #known: readonly Known<Item>[] = [];
  readonly #reload: () => Promise<void>;

  constructor(read: () => Promise<readonly Item[]>, toasts: Toasts) {
    this.#read = read;
    this.toasts = toasts;
    this.#reload = coalesce(() => attempt(() => this.load()), REST_MS);
  }

  get all(): readonly Item[] {
    return this.#all;
  }

  /** Grows whenever an item, or what belongs to one, may have changed: then others read again. */
  get changes(): number {
    return this.#changes;
  }

  find(id: number): Item | undefined {
    return this.#all.find((item) => item.id === id);
  }

  /** @throws what the service refused it with */
  async load(): Promise<void> {
    const reading = ++this.#readings;
    const all = await this.#read();
    if (reading < this.#shown) return;
    this.#shown = reading;
    this.#known = this.#known.filter((known) => known.reading > reading);
    this.#all = this.#known.reduce((list, { id, item }) => withItem(list, id, item), all);
    this.touch();
  }

  /** An event reported a change: the list is read again, once for many events. */
  refresh(): Promise<void> {
    return this.#reload();
  }

  /** What belongs to an item may have changed, though the list has not. */
  touch(): void {
    this.#changes++;
  }

  /** The item is no longer in the list. */
  forget(id: number): void {
    this.#put({ id, reading: ++this.#readings, item: undefined });
  }

  /** Takes over one item that a call answers with. @throws what the service refused it with */
  protected async take(read: () => Promise<Item>): Promise<Item> {
    const reading = ++this.#readings;
    const item = await read();
    this.#put({ id: item.id, reading, item });
    return item;
  }

  /** Makes a change and reads the list again; a failure is shown. @returns whether that went well */
  protected change(call: () => Promise<unknown>): Promise<boolean> {
    return attemptLoudly(this.toasts, async () => {
      await call();
      await this.load();
    });
  }

  #put(known: Known<Item>): void {
    const { id, reading, item } = known;
    const before = this.#known.find((one) => one.id === id);
    if (reading < Math.max(this.#shown, before?.reading ?? 0)) return;
    this.#known = [...this.#known.filter((one) => one !== before), known];
    this.#all = withItem(this.#all, id, item);
  }
}

function withItem<Item extends { id: number }>(
  list: readonly Item[],
  id: number,
  item: Item | undefined,
): readonly Item[] {
  if (!item) return list.filter((one) => one.id !== id);
  const isKnown = list.some((one) => one.id === id);
  return isKnown ? list.map((one) => (one.id === id ? item : one)) : [...list, item];
}
