import { setImmediate as nextTurn } from 'node:timers/promises';
import { CUE_COUNT, cueRows, type ForegroundExample } from './foreground-example.ts';
import { meanOfHeads, type ForegroundHead } from './foreground-head.ts';
import { BATCH_IMAGES, learnHead, type OtherLessons } from './learn-head.ts';
import {
  answered,
  confirmationOf,
  isAhead,
  judgedImages,
  maskOf,
  reliabilityOf,
  type AnsweredImage,
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

/** Cuts an image, here or in another thread. */
export type CutAnswered = (image: AnsweredImage) => Promise<Uint8Array>;

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
  let heads = await learnHalves(task, { others, isFirst: true });
  let lessons = task.examples;
  let tested = cues;
  let isReliable = true;
  for (let round = 1; round < ROUNDS && isReliable; round++) {
    lessons = await cutWith({ ...task, examples: lessons }, crossed(heads));
    heads = await learnHalves({ ...task, examples: lessons }, { others, isFirst: false });
    if (round === TESTED_ROUND) {
      tested = reliabilityOf(task, crossed(heads));
      isReliable = isAhead(tested, cues);
    }
  }
  const confirmation = isReliable ? confirmationOf(task, crossed(heads)) : tested.confirmation;
  return { head: meanOfHeads(...heads), agreement: tested.agreement, confirmation, isReliable, lessons };
}

/** How far a head could be relied on that reads colour, place and saliency: the cues that made the first masks. */
export async function cueReliability(task: LearnTask): Promise<Reliability> {
  const examples = task.examples.map((example) => ({ ...example, ...cueRows(example) }));
  const rows = { ...task, ...judgedImages(examples) };
  return reliabilityOf(rows, crossed(await learnHalves(rows, { others: [], isFirst: true })));
}

/** For each image the head that it did not teach. */
const crossed =
  ([even, odd]: readonly [ForegroundHead, ForegroundHead]): HeadOf =>
  (_, at) =>
    at % 2 === 0 ? odd : even;

/** A head of the images in even places, and one of those in odd places. */
async function learnHalves(
  { examples, seed, signal, progress }: Omit<LearnTask, 'compared'>,
  { others, isFirst }: { others: OtherLessons; isFirst: boolean },
): Promise<[ForegroundHead, ForegroundHead]> {
  const steps = stepsFor(examples.length, others);
  const dim = examples[0]?.dim ?? 0;
  const learn = async (half: number) => {
    const own = examples.filter((_, at) => at % 2 === half);
    const taught = isFirst ? mostTrusted(own, MIN_TEACHING) : own;
    const options = { steps, seed, others, ...(signal && { signal }) };
    const head = await learnHead(taught, {
      ...options,
      onSteps: (done) => progress.within(stepsOf(done, dim)),
    });
    progress.add(stepsOf(steps, dim));
    return head;
  };
  return [await learn(0), await learn(1)];
}

/** The same images with the masks that a head makes of them. */
async function cutWith(
  {
    examples,
    signal,
    progress,
    cut = (image) => Promise.resolve(maskOf(image)),
  }: Omit<LearnTask, 'compared'>,
  headOf: HeadOf,
): Promise<ForegroundExample[]> {
  const taught: ForegroundExample[] = [];
  for (let first = 0; first < examples.length; first += CUT_TOGETHER) {
    await nextTurn();
    signal?.throwIfAborted();
    const some = examples.slice(first, first + CUT_TOGETHER);
    const masks = some.map((example, at) => cut(answered(headOf(example, first + at), example)));
    for (const [at, targets] of (await Promise.all(masks)).entries()) {
      const example = some[at];
      if (example) taught.push({ ...example, targets });
    }
    progress.add(cutsOf(some.length));
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

/** How much of the work of learning is done, if every round is needed. */
export class Progress {
  readonly #total: LearningWork;
  readonly #onProgress: ((progress: LearningProgress) => void) | undefined;
  #done: LearningWork = { units: 0, ms: 0 };

  constructor(total: LearningWork, onProgress?: (progress: LearningProgress) => void) {
    this.#total = total;
    this.#onProgress = onProgress;
  }

  /** Work that is done of the head that is being learned. */
  within(work: LearningWork): void {
    const { units, ms } = bothOf(this.#done, work);
    this.#onProgress?.({ done: units, total: this.#total.units, share: ms / this.#total.ms });
  }

  add(work: LearningWork): void {
    this.#done = bothOf(this.#done, work);
    this.within({ units: 0, ms: 0 });
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
