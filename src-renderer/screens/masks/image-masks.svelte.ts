import { untrack } from 'svelte';
import type { ClickAnswer, ClickSeeds } from '../../../src-main/contract/click-seeds.ts';
import type { Client } from '../../../src-main/contract/contract.ts';
import type { ConceptId, ImageId, MaskId, SegmentationId } from '../../../src-main/contract/ids.ts';
import type {
  EditBatch,
  ImageEdit,
  MaskDivider,
  MaskEditKind,
  MaskHistory,
} from '../../../src-main/contract/mask-edit.ts';
import type { StackMove } from '../../../src-main/contract/mask-stack.ts';
import type { MaskStep } from '../../../src-main/contract/mask-steps.ts';
import type { ReviewState } from '../../../src-main/contract/mask.ts';
import type { ShapedMask } from '../../../src-main/contract/segmentation.ts';
import type { ShownError } from '../../client/error.ts';
import { attempt, showError } from '../../state/attempt.ts';
import type { Toasts } from '../../state/toasts.svelte.ts';

const NO_HISTORY: MaskHistory = { undo: null, redo: null };

/**
 * The masks of one image and what can be done to them. Steps are carried out one after the other, in the order in
 * which they were asked for; each is sent with the revision that the one before has left.
 */
export class ImageMasks {
  readonly key: { id: SegmentationId; imageId: ImageId };
  readonly #client: Client;
  readonly #toasts: Toasts;
  #all = $state.raw<readonly ShapedMask[]>([]);
  #history = $state.raw<MaskHistory>(NO_HISTORY);
  #isLoaded = $state(false);
  #error = $state.raw<ShownError>();
  #waiting = $state(0);
  #line: Promise<unknown> = Promise.resolve();
  #connection = Promise.withResolvers<undefined>();

  constructor(client: Client, toasts: Toasts, key: { id: SegmentationId; imageId: ImageId }) {
    this.#client = client;
    this.#toasts = toasts;
    this.key = key;
  }

  get all(): readonly ShapedMask[] {
    return this.#all;
  }

  get history(): MaskHistory {
    return this.#history;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  /** Whether a step is under way. */
  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  find(id: MaskId): ShapedMask | undefined {
    return this.#all.find((mask) => mask.id === id);
  }

  async load(): Promise<void> {
    const error = await attempt(async () => {
      const [masks, history] = await Promise.all([
        this.#client.masks.ofImage(this.key),
        this.#client.masks.history(this.key),
      ]);
      this.#all = masks;
      this.#history = history;
    });
    // What is shown stays until there is a connection to read it again.
    if (!(this.#isLoaded && isUnreachable(error))) this.#error = error;
    this.#isLoaded = true;
  }

  /** Rereads the masks after the connection was lost, and sends the step that waits for it. */
  async reconnected(): Promise<void> {
    await this.load();
    this.#connection.resolve(undefined);
    this.#connection = Promise.withResolvers();
  }

  /** Resolves when all steps that were asked for are done. */
  async settled(): Promise<void> {
    await this.#line;
  }

  review(ids: readonly MaskId[], review: ReviewState): Promise<boolean> {
    return this.#batch(
      'review',
      () => this.#client.masks.review({ ids: [...ids], review }),
      () => this.#put(ids, { review }),
    );
  }

  setConcept(ids: readonly MaskId[], conceptId: ConceptId | null): Promise<boolean> {
    return this.#batch(
      'concept',
      () => this.#client.masks.setConcept({ ids: [...ids], conceptId }),
      () => this.#put(ids, { conceptId }),
    );
  }

  remove(ids: readonly MaskId[]): Promise<boolean> {
    return this.#batch(
      'remove',
      () => this.#client.masks.remove({ ids: [...ids] }),
      () => {
        this.#all = this.#all.filter((mask) => !ids.includes(mask.id));
      },
    );
  }

  /** Another shape; it shows at once, and is reverted if the service refuses it. */
  reshape(id: MaskId, counts: string): Promise<ImageEdit | undefined> {
    this.#put([id], { counts });
    const at = once(() => this.#at(id));
    return this.#step(() => this.#client.masks.edit({ ...at(), counts }));
  }

  create(counts: string, conceptId: ConceptId | null): Promise<ImageEdit | undefined> {
    const known = once(() => this.#all.map(({ id }) => id));
    return this.#step(async () => {
      // Where the connection was lost before the answer, the object may be there already.
      const made = this.#all.find(({ id, counts: shape }) => !known().includes(id) && shape === counts);
      if (made) return { changed: [made], removed: [], history: this.#history };
      return this.#client.masks.create({ ...this.key, counts, conceptId });
    });
  }

  merge(ids: readonly MaskId[]): Promise<ImageEdit | undefined> {
    const masks = once(() => ids.map((id) => this.#at(id)));
    return this.#step(() => this.#client.masks.merge({ masks: masks() }));
  }

  split(id: MaskId, by: MaskDivider): Promise<ImageEdit | undefined> {
    const at = once(() => this.#at(id));
    return this.#step(() => this.#client.masks.split({ ...at(), by }));
  }

  /** Puts masks in front of others, or behind them; nothing changes where they are there already. */
  arrange(ids: readonly MaskId[], to: StackMove): Promise<ImageEdit | undefined> {
    return this.#step(() => this.#client.masks.arrange({ ids: [...ids], to }), { isOnce: true });
  }

  /** Undoes the step before, also one that is still under way; does nothing where there is none. */
  undo(): Promise<ImageEdit | undefined> {
    return this.#stepBack('undo');
  }

  /** Redoes what was undone last; does nothing where there is nothing. */
  redo(): Promise<ImageEdit | undefined> {
    return this.#stepBack('redo');
  }

  /** Undoes or redoes until a step is the last one in force; null undoes all. */
  goToStep(stepId: number | null): Promise<ImageEdit | undefined> {
    return this.#step(() => this.#client.masks.goToStep({ ...this.key, stepId }), { isOnce: true });
  }

  /** All steps, the newest first. Undefined where they could not be read, which is shown. */
  async steps(): Promise<MaskStep[] | undefined> {
    const read: MaskStep[][] = [];
    await this.settled();
    const error = await attempt(async () => void read.push(await this.#client.masks.steps(this.key)));
    if (error) showError(this.#toasts, error);
    return read[0];
  }

  /** What clicks may mean; nothing is changed. Undefined where that could not be found out, which is shown. */
  async askClicks(given: ClickSeeds, isNested: boolean): Promise<ClickAnswer | undefined> {
    const answers: ClickAnswer[] = [];
    const error = await attempt(async () => {
      answers.push(await this.#client.masks.click({ ...this.key, given, isNested }));
    });
    if (error) showError(this.#toasts, error);
    return answers[0];
  }

  #stepBack(way: keyof MaskHistory): Promise<ImageEdit | undefined> {
    // Whether there is a step to undo is known only when the ones before are done.
    return this.#step(
      async () => (this.#history[way] === null ? undefined : this.#client.masks[way](this.key)),
      { isOnce: true },
    );
  }

  #at(id: MaskId): { id: MaskId; revision: number } {
    return { id, revision: this.find(id)?.revision ?? 1 };
  }

  #put(ids: readonly MaskId[], change: Partial<ShapedMask>): void {
    this.#all = untrack(() => this.#all).map((mask) =>
      ids.includes(mask.id) ? { ...mask, ...change } : mask,
    );
  }

  async #step(
    work: () => Promise<ImageEdit | undefined>,
    { isOnce = false } = {},
  ): Promise<ImageEdit | undefined> {
    const results: ImageEdit[] = [];
    await this.#inLine({ isOnce }, async () => {
      const result = await work();
      if (!result) return;
      results.push(result);
      const touched = [...result.removed, ...result.changed.map(({ id }) => id)];
      this.#all = [...this.#all.filter(({ id }) => !touched.includes(id)), ...result.changed].sort(byRank);
      this.#history = result.history;
    });
    return results[0];
  }

  #batch(kind: MaskEditKind, work: () => Promise<EditBatch>, show: () => void): Promise<boolean> {
    return this.#inLine({ isOnce: false }, async () => {
      const { changed } = await work();
      show();
      if (changed > 0) this.#history = { undo: kind, redo: null };
    });
  }

  async #inLine(how: { isOnce: boolean }, work: () => Promise<void>): Promise<boolean> {
    this.#waiting++;
    const turn = this.#line.then(() => this.#carryOut(how, work));
    this.#line = turn;
    const isDone = await turn;
    this.#waiting--;
    // What was shown in advance, or what has changed under us, is put right.
    if (!isDone) await this.load();
    return isDone;
  }

  /**
   * Sends a step. While the service cannot be reached, the step waits, and is sent again as it was: the revisions in it
   * keep one that had arrived from being carried out twice. Steps without any, such as undo, are sent once only.
   */
  async #carryOut({ isOnce }: { isOnce: boolean }, work: () => Promise<void>): Promise<boolean> {
    for (;;) {
      const error = await attempt(work);
      if (!error) return true;
      if (isOnce || !isUnreachable(error)) {
        showError(this.#toasts, error);
        return false;
      }
      await this.#connection.promise;
    }
  }
}

function isUnreachable(error: ShownError | undefined): boolean {
  return error?.code === 'SERVER_UNREACHABLE';
}

/** The value as it is when it is first asked for. */
function once<T extends object>(make: () => T): () => T {
  let value: T | undefined;
  return () => (value ??= make());
}

/** Objects first, each level by score: as the service lists them. */
function byRank(a: ShapedMask, b: ShapedMask): number {
  return a.level - b.level || b.score - a.score || a.id - b.id;
}
