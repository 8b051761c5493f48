import { SvelteSet } from 'svelte/reactivity';
import type { Client } from '../../../src-main/contract/contract.ts';
import type { ConceptId, MaskId } from '../../../src-main/contract/ids.ts';
import type { EditBatch } from '../../../src-main/contract/mask-edit.ts';
import type { Mask, ReviewState } from '../../../src-main/contract/mask.ts';
import type { ShownError } from '../../client/error.ts';
import { t } from '../../i18n/language.svelte.ts';
import { attempt } from '../../state/attempt.ts';
import type { Toasts } from '../../state/toasts.svelte.ts';
import { changeInBatches } from '../../state/undo-batches.ts';

const AT_ONCE = 400;
/** Objects read in advance of scrolling. */
const AHEAD = 200;
/** Masks that one call may change. */
export const MASKS_AT_ONCE = 1_000;

/** Reads objects from a cursor on, or from the start. */
type ReadPage = (
  cursor: string | null,
  limit: number,
) => Promise<{ items: Mask[]; nextCursor: string | null }>;

/** A list of objects, such as those of a concept, read as they are scrolled to; and the selected ones. */
export class ObjectList {
  readonly #readPage: ReadPage;
  readonly #client: Client;
  readonly #toasts: Toasts;
  #items = $state.raw<readonly Mask[]>([]);
  #isLoaded = $state(false);
  #error = $state.raw<ShownError>();
  #nextCursor: string | null = null;
  #lastReading: Promise<void> = Promise.resolve();
  readonly chosen = new SvelteSet<MaskId>();
  #anchor: MaskId | undefined;

  readonly ids = $derived.by(() => this.#items.map(({ id }) => id));
  // Recreated with the list; nothing changes it.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #byId = $derived.by(() => new Map(this.#items.map((mask) => [mask.id, mask])));

  constructor(client: Client, toasts: Toasts, readPage: ReadPage) {
    this.#client = client;
    this.#toasts = toasts;
    this.#readPage = readPage;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  find(id: MaskId): Mask | undefined {
    return this.#byId.get(id);
  }

  /** Rereads what has been read, at least the first page. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#read(null, Math.max(this.#items.length, AT_ONCE)));
  }

  /** Reads more when the position comes near the end of what has been read. */
  ensure(to: number): Promise<void> {
    return this.#inTurn(async () => {
      while (this.#nextCursor !== null && to + AHEAD > this.#items.length && !this.#error) {
        await this.#read(this.#nextCursor, AT_ONCE);
      }
    });
  }

  /** Selects or deselects one; with `isRange`, everything from the previous one to this. */
  choose(id: MaskId, { isRange }: { isRange: boolean }): void {
    const from = this.#anchor === undefined ? -1 : this.ids.indexOf(this.#anchor);
    const to = this.ids.indexOf(id);
    if (isRange && from >= 0) {
      for (const one of this.ids.slice(Math.min(from, to), Math.max(from, to) + 1)) this.chosen.add(one);
    } else if (!this.chosen.delete(id)) this.chosen.add(id);
    this.#anchor = id;
  }

  chooseAll(): void {
    for (const id of this.ids) this.chosen.add(id);
  }

  /** Moves the selected objects to another concept, or to none. @param name its name, as shown */
  move(to: ConceptId | null, name: string): Promise<boolean> {
    return this.#change(
      (ids) => this.#client.masks.setConcept({ ids, conceptId: to }),
      (count) => t('concepts.moved', { count, name }),
    );
  }

  review(review: ReviewState): Promise<boolean> {
    return this.#change(
      (ids) => this.#client.masks.review({ ids, review }),
      (count) => t('masks.reviewed', { count }),
    );
  }

  /** Changes the selected ones, and offers to undo it. */
  async #change(
    call: (ids: MaskId[]) => Promise<EditBatch>,
    titleOf: (count: number) => string,
  ): Promise<boolean> {
    const services = { client: this.#client, toasts: this.#toasts };
    const items = [...this.chosen];
    const isDone = await changeInBatches(services, { items, atOnce: MASKS_AT_ONCE, call }, titleOf);
    // What was selected in the meantime stays so.
    for (const id of items) this.chosen.delete(id);
    await this.refresh();
    return isDone;
  }

  /** One reading at a time, and each from where the one before it has ended. */
  #inTurn(read: () => Promise<void>): Promise<void> {
    this.#lastReading = this.#lastReading.then(read);
    return this.#lastReading;
  }

  async #read(cursor: string | null, count: number): Promise<void> {
    this.#error = await attempt(async () => {
      const items = cursor === null ? [] : [...this.#items];
      const wanted = items.length + count;
      let next = cursor;
      do {
        const page = await this.#readPage(next, AT_ONCE);
        items.push(...page.items);
        next = page.nextCursor;
      } while (next !== null && items.length < wanted);
      this.#items = items;
      this.#nextCursor = next;
      for (const id of this.chosen) if (!this.#byId.has(id)) this.chosen.delete(id);
    });
    this.#isLoaded = true;
  }
}
