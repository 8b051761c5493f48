import { untrack } from 'svelte';
import { z } from 'zod';
import type { MaskId, SegmentationId } from '../../../src-main/contract/ids.ts';
import type { Job } from '../../../src-main/contract/job.ts';
import type { ReviewState } from '../../../src-main/contract/mask.ts';
import type { QueuedReview, ReviewEstimate, ReviewQueue } from '../../../src-main/contract/review-queue.ts';
import type { ShownError } from '../../client/error.ts';
import { formatNumber, formatPercent } from '../../i18n/format.ts';
import { t } from '../../i18n/language.svelte.ts';
import { attempt } from '../../state/attempt.ts';
import { describeFirst } from '../../state/described.ts';
import type { Studio } from '../../state/studio.svelte.ts';

/** Where the editor is in the queue, and what leads on. */
export type QueueWalk = {
  maskId: MaskId;
  /** From 1. */
  position: number;
  total: number;
  note: string;
  turn: (by: number) => void;
  reviewed: (ids: readonly MaskId[], review: ReviewState) => void;
  close: () => void;
};

const BAR_KEY = 'masks.goodEnough';
/** Shares of objects that would be accepted, from which the rest need not be reviewed. */
export const BARS = ['0.8', '0.9', '0.95', '0.98'] as const;
const Bar = z.enum(BARS);
export type Bar = z.infer<typeof Bar>;

/** Objects that are asked about one after the other, in rounds; an estimate is shown after each. */
export class QueueView {
  readonly #studio: Studio;
  readonly #id: SegmentationId;
  readonly #onLeave: () => void;
  #queue = $state.raw<ReviewQueue>();
  #job = $state.raw<Job>();
  #error = $state.raw<ShownError>();
  #place = $state(0);
  #isBetween = $state(false);
  #isBusy = $state(false);
  #lastTurn: Promise<void> = Promise.resolve();

  readonly item = $derived.by((): QueuedReview | undefined => this.#queue?.items[this.#place]);
  readonly estimate = $derived.by((): ReviewEstimate | undefined => this.#queue?.estimates[0]);
  /** What the estimate says, in a sentence; undefined before there is one. */
  readonly sentence = $derived.by(() => (this.estimate ? sentenceOf(this.estimate) : undefined));
  readonly isGoodEnough = $derived.by(
    () => this.estimate !== undefined && this.estimate.low >= Number(this.bar),
  );

  constructor(studio: Studio, id: SegmentationId, onLeave: () => void) {
    this.#studio = studio;
    this.#id = id;
    this.#onLeave = onLeave;
  }

  /** The job that has to end first. */
  get job(): Job | undefined {
    return this.#job;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  /** Whether a round is being put together. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Whether a round has ended and the next one has not been begun. */
  get isBetween(): boolean {
    return this.#isBetween;
  }

  /** Whether nothing is left to be asked about. */
  readonly isDone = $derived.by(
    () => this.#queue !== undefined && !this.#isBusy && !this.#queue.items.some(isPending),
  );

  get bar(): Bar {
    return this.#studio.memory.read(BAR_KEY, Bar, '0.9');
  }

  set bar(bar: Bar) {
    this.#studio.memory.remember(BAR_KEY, bar);
  }

  readonly walk = $derived.by((): QueueWalk | undefined => {
    const [queue, item] = [this.#queue, this.item];
    if (!queue || !item) return undefined;
    const decided = queue.items.filter(({ review }) => review !== 'pending').length;
    const progress = t('queue.progress', { decided, total: queue.items.length });
    return {
      maskId: item.id,
      position: this.#place + 1,
      total: queue.items.length,
      note: this.sentence === undefined ? progress : `${progress} ${this.sentence}`,
      turn: (by) => void this.turn(by),
      reviewed: (ids, review) => {
        if (review !== 'pending' && ids.includes(item.id)) void this.turn(1);
      },
      close: this.#onLeave,
    };
  });

  /** Continues where reviewing was left. */
  async open(): Promise<void> {
    this.#error = await attempt(async () => {
      await describeFirst(this.#studio.client, this.#id, (job) => (this.#job = job));
      this.#queue = await this.#studio.client.reviewQueue.get({ id: this.#id });
      if (!this.#queue.items.some(isPending)) await this.#advance();
      else this.#place = Math.max(0, this.#queue.items.findIndex(isPending));
    });
  }

  /** Rereads the round, which an undo or another page may have changed. */
  async refresh(): Promise<void> {
    const before = this.#queue;
    if (!before || this.#isBusy) return;
    await attempt(async () => {
      const queue = await this.#studio.client.reviewQueue.get({ id: this.#id });
      if (queue.round === before.round && queue.items.some(isPending)) this.#queue = queue;
    });
  }

  /** To the next object that is asked about, or to the one before; past the last one, the round ends. */
  turn(by: number): Promise<void> {
    // One after the other: keys may be pressed faster than the service answers, and each leads one further.
    this.#lastTurn = this.#lastTurn.then(() => this.#turn(by));
    return this.#lastTurn;
  }

  async #turn(by: number): Promise<void> {
    if (this.#isBetween) return;
    const from = untrack(() => this.#place);
    this.#error = await attempt(async () => {
      const queue = await this.#studio.client.reviewQueue.get({ id: this.#id });
      this.#queue = queue;
      if (!queue.items.some(isPending)) {
        this.#isBetween = true;
        await this.#advance();
        return;
      }
      const next = from + by;
      // Those that were passed over are asked about again.
      this.#place = next < queue.items.length ? Math.max(0, next) : queue.items.findIndex(isPending);
    });
  }

  /** Begins the round that is ready. */
  goOn(): void {
    this.#isBetween = false;
  }

  leave(): void {
    this.#onLeave();
  }

  async #advance(): Promise<void> {
    this.#isBusy = true;
    try {
      this.#queue = await this.#studio.client.reviewQueue.advance({ id: this.#id });
      this.#place = 0;
    } finally {
      this.#isBusy = false;
    }
  }
}

const isPending = ({ review }: QueuedReview) => review === 'pending';

function sentenceOf({ pending, share, low, high }: ReviewEstimate): string {
  return t('queue.estimate', {
    count: pending,
    pending: formatNumber(pending),
    share: formatPercent(share),
    low: formatPercent(low),
    high: formatPercent(high),
  });
}
