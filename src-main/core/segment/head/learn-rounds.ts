import { setImmediate as nextTurn } from 'node:timers/promises';
import { CUE_COUNT, cueRows, type ForegroundExample } from './foreground-example.ts';
import { meanOfHeads, type ForegroundHead } from './foreground-head.ts';
import { BATCH_IMAGES, learnHead, type OtherLessons } from './learn-head.ts';
import {
  answered,
  confirmationOf,
  cutHere,
  isAhead,
  judgedImages,
  reliabilityOf,
  type CutAnswered,
  type HeadOf,
  type JudgedImages,
  type Reliability,
} from './reliability.ts';

/** Share of the images that teach and test at first: those whose masks can be trusted most. */
const TRUSTED_SHARE = 0.6;
/** At least this many teach: of few images, each counts more than the mistakes in it. */
const MIN_TEACHING = 100;
/** How often each image is seen: of few images, more teach their mistakes. */
const EPOCHS = 96;
const [MIN_STEPS, MAX_STEPS] = [200, 600];
/** Rounds of learning: after each, the images are cut with what was learned, and these masks teach the next one. */
const ROUNDS = 3;
/** Images that are cut at a time: enough to keep threads busy, few enough to stop soon. */
const CUT_TOGETHER = 16;
/** The round after which a head is tested: its features have shown what they see, and the first masks still count. */
const TESTED_ROUND = 1;

export type LearnTask = JudgedImages & {
  seed: number;
  signal?: AbortSignal;
  progress: Progress;
  /** Where images are cut between the rounds; here by default. */
  cut?: CutAnswered;
};

export type LearnedHead = Reliability & {
  head: ForegroundHead;
  /** Whether its features say more than the cues of the images themselves. */
  isReliable: boolean;
  /** The images with the masks that taught its last round. */
  lessons: readonly ForegroundExample[];
};

/** What teaches: images, and whether with their first masks. */
type Teaching = { examples: readonly ForegroundExample[]; isFirst: boolean };

/**
 * Learns a head from either half of the images, and each time from all of `others`. Each cuts the other half, so that no head is taught by its own answers,
 * and the next one is learned from these cuts. The mean of the last two is the head.
 * @param cues what a head reaches that reads the images' own cues
 */
export async function learnInRounds(
  task: LearnTask,
  cues: Reliability,
  others: OtherLessons = [],
): Promise<LearnedHead> {
  const first = (half: number) => ({ examples: halfOf(task.examples, half), isFirst: true });
  const even = await learnHalf(task, first(0), others);
  // Steps keep one thread busy, cuts the others: what can be cut is cut while a head is learned.
  const byEven = begun(cutHalf(task, 1, even));
  let heads: Heads = [even, await learnHalf(task, first(1), others)];
  let cuts: Cuts = [begun(cutHalf(task, 0, heads[1])), byEven];
  let lessons = task.examples;
  let tested = cues;
  let isReliable = true;
  for (let round = 1; round < ROUNDS && isReliable; round++) {
    if (round > 1) cuts = cutsBy(task, heads);
    const odd = await learnHalf(task, { examples: await cuts[1], isFirst: false }, others);
    heads = [await learnHalf(task, { examples: await cuts[0], isFirst: false }, others), odd];
    lessons = inTurn(await cuts[0], await cuts[1]);
    if (round === TESTED_ROUND) {
      tested = await reliabilityOf(task, crossed(heads));
      isReliable = isAhead(tested, cues);
    }
  }
  const confirmation = isReliable ? await confirmationOf(task, crossed(heads)) : tested.confirmation;
  return { head: meanOfHeads(...heads), agreement: tested.agreement, confirmation, isReliable, lessons };
}

/** How far a head could be relied on that reads colour, place and saliency: the cues that made the first masks. */
export async function cueReliability(task: LearnTask): Promise<Reliability> {
  const examples = task.examples.map((example) => ({ ...example, ...cueRows(example) }));
  const rows = { ...task, ...judgedImages(examples) };
  const learn = (half: number) => learnHalf(rows, { examples: halfOf(examples, half), isFirst: true }, []);
  return await reliabilityOf(rows, crossed([await learn(0), await learn(1)]));
}

/** Those of the images in even places, and of those in odd places. */
type Heads = readonly [even: ForegroundHead, odd: ForegroundHead];
type Cuts = readonly [even: Promise<ForegroundExample[]>, odd: Promise<ForegroundExample[]>];

/** For each image the head that it did not teach. */
const crossed =
  ([even, odd]: Heads): HeadOf =>
  (_, at) =>
    at % 2 === 0 ? odd : even;

const halfOf = <T>(list: readonly T[], half: number): T[] => list.filter((_, at) => at % 2 === half);

/** Two halves as the list that they are of. */
function inTurn<T>(even: readonly T[], odd: readonly T[]): T[] {
  return even.flatMap((item, at) => [item, ...odd.slice(at, at + 1)]);
}

/** Whoever awaits it gets the error; where learning fails first, nobody does. */
function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/** A head of one half of the images. */
async function learnHalf(
  { examples: all, seed, signal, progress }: LearnTask,
  { examples, isFirst }: Teaching,
  others: OtherLessons,
): Promise<ForegroundHead> {
  const steps = stepsFor(all.length, others);
  const dim = examples[0]?.dim ?? 0;
  const taught = isFirst ? mostTrusted(examples, MIN_TEACHING) : examples;
  const options = { steps, seed, others, ...(signal && { signal }) };
  const head = await learnHead(taught, {
    ...options,
    onSteps: (done) => progress.learning(stepsOf(done, dim)),
  });
  progress.learned(stepsOf(steps, dim));
  return head;
}

/** Both halves with the masks that heads make of them: one after the other, as they are needed. */
function cutsBy(task: LearnTask, [even, odd]: Heads): Cuts {
  const byEven = begun(cutHalf(task, 1, even));
  return [begun(byEven.then(() => cutHalf(task, 0, odd))), byEven];
}

/** One half of the images with the masks that the head of the other makes of them. */
async function cutHalf(
  { examples, signal, progress, cut = cutHere }: LearnTask,
  half: number,
  head: ForegroundHead,
): Promise<ForegroundExample[]> {
  const own = halfOf(examples, half);
  const taught: ForegroundExample[] = [];
  for (let first = 0; first < own.length; first += CUT_TOGETHER) {
    await nextTurn();
    signal?.throwIfAborted();
    const some = own.slice(first, first + CUT_TOGETHER);
    const masks = await Promise.all(some.map((example) => cut(answered(head, example))));
    taught.push(...some.map((example, at) => ({ ...example, targets: masks[at] ?? example.targets })));
    progress.cut(cutsOf(some.length));
  }
  return taught;
}

/** Work of learning: how many steps and cuts it is, and about how long they take. */
export type LearningWork = { units: number; ms: number };

/** About the milliseconds of a step, with and for each feature, and of an image that is cut: for the time left alone. */
const [STEP_MS, FEATURE_MS, CUT_MS] = [0.6, 0.006, 20];

const stepsOf = (units: number, dim: number): LearningWork => ({
  units,
  ms: units * (STEP_MS + FEATURE_MS * dim),
});
const cutsOf = (units: number): LearningWork => ({ units, ms: units * CUT_MS });

/** Work of both. */
export const bothOf = (a: LearningWork, b: LearningWork): LearningWork => ({
  units: a.units + b.units,
  ms: a.ms + b.ms,
});

/** What `learnInRounds` takes with features of `dim` channels, if every round is needed. */
export function workOfRounds(imageCount: number, dim: number, others: OtherLessons = []): LearningWork {
  const steps = ROUNDS * 2 * stepsFor(imageCount, others);
  return bothOf(stepsOf(steps, dim), cutsOf((ROUNDS - 1) * imageCount));
}

/** The same of `cueReliability`. */
export function workOfCues(imageCount: number): LearningWork {
  return stepsOf(2 * stepsFor(imageCount, []), CUE_COUNT);
}

/** Steps and cuts that are done, of all that there will be; `share` is that of the time that they take together. */
export type LearningProgress = { done: number; total: number; share: number };

const NO_WORK: LearningWork = { units: 0, ms: 0 };

/** How much of the work of learning is done, if every round is needed. */
export class Progress {
  readonly #total: LearningWork;
  readonly #onProgress: ((progress: LearningProgress) => void) | undefined;
  #done = NO_WORK;
  /** What is done of the head that is being learned. */
  #steps = NO_WORK;

  constructor(total: LearningWork, onProgress?: (progress: LearningProgress) => void) {
    this.#total = total;
    this.#onProgress = onProgress;
  }

  /** Steps that are done of the head that is being learned. */
  learning(steps: LearningWork): void {
    this.#steps = steps;
    this.#report();
  }

  /** All steps of the head that was being learned. */
  learned(steps: LearningWork): void {
    this.#done = bothOf(this.#done, steps);
    this.learning(NO_WORK);
  }

  /** Images that have been cut, perhaps while a head is learned. */
  cut(images: LearningWork): void {
    this.#done = bothOf(this.#done, images);
    this.#report();
  }

  #report(): void {
    const { units, ms } = bothOf(this.#done, this.#steps);
    this.#onProgress?.({ done: units, total: this.#total.units, share: ms / this.#total.ms });
  }
}

/** Steps in which each image of one half, and each of the others, is seen about EPOCHS times. */
function stepsFor(imageCount: number, others: OtherLessons): number {
  const taught = Math.ceil(imageCount / 2) + others.flat().length;
  return Math.min(Math.max(Math.round((EPOCHS * taught) / BATCH_IMAGES), MIN_STEPS), MAX_STEPS);
}

/** The images whose masks can be trusted most, and of few images at least `least`. */
function mostTrusted(examples: readonly ForegroundExample[], least: number): ForegroundExample[] {
  const count = Math.max(Math.ceil(examples.length * TRUSTED_SHARE), least);
  return examples.toSorted((a, b) => b.score - a.score).slice(0, count);
}
