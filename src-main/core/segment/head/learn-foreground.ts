import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SegmentationId } from '../../../contract/ids.ts';
import type { ForegroundNote } from '../../../contract/segmentation.ts';
import {
  findForeground,
  PLAIN_WEIGHTS,
  type ForegroundCues,
  type ForegroundGraph,
  type ForegroundWeights,
} from '../foreground.ts';
import { headLogits, linear, meanOfHeads, type ForegroundHead } from './foreground-head.ts';
import { BATCH_IMAGES, learnHead, type HeadExample } from './learn-head.ts';

/** An image's own mask, as an example, and how far that mask can be trusted. */
export type ForegroundExample = HeadExample & {
  score: number;
  /** What it takes to cut the image again. */
  graph: ForegroundGraph;
  cues: ForegroundCues;
};

/** How the foregrounds of a collection are found: by each image's own cues, and by a head where one helps. */
export type ForegroundModel = {
  head: ForegroundHead | null;
  weights: ForegroundWeights;
  note: ForegroundNote;
};

/** Every image by its own cues, for a reason that leaves nothing to learn. */
export function plainForeground(
  way: Exclude<ForegroundNote['way'], 'head' | 'disagreement'>,
): ForegroundModel {
  return { head: null, weights: PLAIN_WEIGHTS, note: { way, agreement: null, imageCount: 0, from: null } };
}

/** A head that another collection's images taught, with the same encoder. */
export type KnownHead = { head: ForegroundHead; segmentationId: SegmentationId };

/** Fewer images teach what they show rather than what things look like. */
const MIN_IMAGES = 16;
/** Share of the images that teach and test at first: those whose masks can be trusted most. */
const TRUSTED_SHARE = 0.6;
/** At least this many teach: of few images, each counts more than the mistakes in it. */
const MIN_TEACHING = 100;
/** How often each image is seen: of few images, more teach their mistakes. */
const EPOCHS = 96;
const [MIN_STEPS, MAX_STEPS] = [200, 600];
/** Rounds of learning: after each, the images are cut with what was learned, and these masks teach the next one. */
const ROUNDS = 3;
/** The round after which a head is tested: its features have shown what they see, and the first masks still count. */
const TESTED_ROUND = 1;
/**
 * How far a head must be ahead of one that reads the image's own cues, in agreement and confirmation together: with less,
 * its features say nothing of foregrounds that the image does not say better; test/bench/segment/NOTES.md.
 */
const LEAST_LEAD = 0.06;
/** With too few images to learn cues from, what a head of another collection must reach instead. */
const [LEAST_CONFIRMATION, LEAST_AGREEMENT] = [0.75, 0.3];
/** Images on which heads are compared: enough for a mean, few enough to be cut with every head. */
const COMPARED_IMAGES = 64;
/** With a head that agrees: it weighs more than the cues of a single image, the middle of the image less. */
const HEAD_WEIGHTS: ForegroundWeights = { ...PLAIN_WEIGHTS, prior: 2, centre: 1.5 };

export type LearnForegroundOptions = {
  seed: number;
  /** Heads of other collections. */
  known?: readonly KnownHead[];
  signal?: AbortSignal;
  onProgress?: (steps: { done: number; total: number }) => void;
};

/** How far a head can be relied on, as far as that can be said without ground truth. */
type Reliability = {
  /** Mean IoU of its answers with the images' first masks, of images that it was not learned from. */
  agreement: number;
  /** Mean IoU of its answers with the masks that the images' own colours and edges make of them. */
  confirmation: number;
};

type LearnTask = {
  examples: readonly ForegroundExample[];
  /** Those of them that are cut to compare heads. */
  compared: readonly ForegroundExample[];
  seed: number;
  signal?: AbortSignal;
  progress: Progress;
};

type Candidate = Reliability & { head: ForegroundHead; from: SegmentationId | null };

/**
 * Finds the head that a collection's images confirm most: one learned from the masks that they gave individually, or
 * that of another collection. None is used where none can be relied on.
 * @param examples in an order that is the same each time
 */
export async function learnForeground(
  examples: readonly ForegroundExample[],
  options: LearnForegroundOptions,
): Promise<ForegroundModel> {
  const isEnough = examples.length >= MIN_IMAGES;
  const progress = new Progress(examples.length, options.onProgress);
  const task: LearnTask = { examples, compared: evenly(examples, COMPARED_IMAGES), progress, ...options };
  const cues = isEnough ? await cueReliability(task) : null;
  const own = cues && (await learnFrom(task, cues));
  const others = (options.known ?? []).map(({ head, segmentationId }): Candidate => ({
    head,
    ...reliabilityOf(task, () => head),
    from: segmentationId,
  }));
  const reliable = others.filter((other) => (cues ? isAhead(other, cues) : isConfirmed(other)));
  const best = mostConfirmed(own?.isReliable ? [own, ...reliable] : reliable);
  if (best) {
    const { head, agreement, from } = best;
    return {
      head,
      weights: HEAD_WEIGHTS,
      note: { way: 'head', agreement, imageCount: examples.length, from },
    };
  }
  const closest = own ?? mostConfirmed(others);
  if (!closest) return plainForeground('few-images');
  const { agreement, from } = closest;
  const note: ForegroundNote = { way: 'disagreement', agreement, imageCount: examples.length, from };
  return { head: null, weights: PLAIN_WEIGHTS, note };
}

function mostConfirmed([first, ...rest]: readonly Candidate[]): Candidate | undefined {
  return (
    first && rest.reduce((most, other) => (other.confirmation > most.confirmation ? other : most), first)
  );
}

/**
 * Learns a head from either half of the images. Each cuts the other half, so that no head is taught by its own answers,
 * and the next one is learned from these cuts. The mean of the last two is the head.
 */
async function learnFrom(task: LearnTask, cues: Reliability): Promise<Candidate & { isReliable: boolean }> {
  let heads = await learnHalves(task, { isFirst: true });
  let lessons = task.examples;
  let tested = cues;
  let isReliable = true;
  for (let round = 1; round < ROUNDS && isReliable; round++) {
    lessons = await cutWith({ ...task, examples: lessons }, crossed(heads));
    heads = await learnHalves({ ...task, examples: lessons }, { isFirst: false });
    if (round === TESTED_ROUND) {
      tested = reliabilityOf(task, crossed(heads));
      isReliable = isAhead(tested, cues);
    }
  }
  const confirmation = isReliable ? confirmationOf(task, crossed(heads)) : tested.confirmation;
  return { head: meanOfHeads(...heads), agreement: tested.agreement, confirmation, from: null, isReliable };
}

/** How far a head could be relied on that reads colour, place and saliency: the cues that made the first masks. */
async function cueReliability(task: LearnTask): Promise<Reliability> {
  const examples = task.examples.map((example) => ({ ...example, ...cueRows(example) }));
  const rows = { ...task, examples, compared: evenly(examples, COMPARED_IMAGES) };
  return reliabilityOf(rows, crossed(await learnHalves(rows, { isFirst: true })));
}

/** [count, 11]: mean Lab, its spread and squares, saliency and nearness to the middle. */
function cueRows({ graph: { lab, labSpread, areas }, cues: { saliency, nearness } }: ForegroundExample) {
  const rows = Array.from(areas, (_, s) => {
    const colour = lab.subarray(s * 3, s * 3 + 3);
    const spread = labSpread.subarray(s * 3, s * 3 + 3);
    return [...colour, ...spread, ...colour.map((value) => value ** 2), saliency[s] ?? 0, nearness[s] ?? 0];
  });
  return { features: Float32Array.from(rows.flat()), dim: 11 };
}

function isAhead(head: Reliability, cues: Reliability): boolean {
  return head.agreement - cues.agreement + head.confirmation - cues.confirmation >= LEAST_LEAD;
}

function isConfirmed({ confirmation, agreement }: Reliability): boolean {
  return confirmation >= LEAST_CONFIRMATION && agreement >= LEAST_AGREEMENT;
}

type HeadOf = (example: ForegroundExample, at: number) => ForegroundHead;

/** For each image the head that it did not teach. */
const crossed =
  ([even, odd]: readonly [ForegroundHead, ForegroundHead]): HeadOf =>
  (_, at) =>
    at % 2 === 0 ? odd : even;

/** A head of the images in even places, and one of those in odd places. */
async function learnHalves(
  { examples, seed, signal, progress }: LearnTask,
  { isFirst }: { isFirst: boolean },
): Promise<[ForegroundHead, ForegroundHead]> {
  const learn = async (half: number) => {
    const own = examples.filter((_, at) => at % 2 === half);
    const taught = isFirst ? mostTrusted(own, MIN_TEACHING) : own;
    const options = { steps: progress.steps, seed, ...(signal && { signal }) };
    const head = await learnHead(taught, { ...options, onSteps: (done) => progress.within(done) });
    progress.add(progress.steps);
    return head;
  };
  return [await learn(0), await learn(1)];
}

/** The same images with the masks that a head makes of them. */
async function cutWith(
  { examples, signal, progress }: LearnTask,
  headOf: HeadOf,
): Promise<ForegroundExample[]> {
  const cut: ForegroundExample[] = [];
  for (const [at, example] of examples.entries()) {
    await nextTurn();
    signal?.throwIfAborted();
    cut.push({ ...example, targets: maskWith(headOf(example, at), example) });
    progress.add(1);
  }
  return cut;
}

/** [count]: the foreground of an image by its own cues and a head. */
function maskWith(head: ForegroundHead, example: ForegroundExample): Uint8Array {
  const prior = headLogits(head, example);
  return findForeground(example.graph, example.cues, { weights: HEAD_WEIGHTS, prior }).selected;
}

/** Steps and cuts that are done, of all that there will be if every round is needed. */
class Progress {
  readonly steps: number;
  readonly #total: number;
  readonly #onProgress: LearnForegroundOptions['onProgress'];
  #done = 0;

  constructor(imageCount: number, onProgress: LearnForegroundOptions['onProgress']) {
    this.steps = stepsFor(Math.ceil(imageCount / 2));
    // Rounds, and the heads that read the images' own cues.
    this.#total = (ROUNDS + 1) * 2 * this.steps + (ROUNDS - 1) * imageCount;
    this.#onProgress = onProgress;
  }

  /** Steps done of the head that is being learned. */
  within(steps: number): void {
    this.#onProgress?.({ done: this.#done + steps, total: this.#total });
  }

  add(units: number): void {
    this.#done += units;
    this.within(0);
  }
}

/** Steps in which each of `images` images is seen about EPOCHS times. */
function stepsFor(imageCount: number): number {
  return Math.min(Math.max(Math.round((EPOCHS * imageCount) / BATCH_IMAGES), MIN_STEPS), MAX_STEPS);
}

/** The images whose masks can be trusted most, and of few images at least `least`. */
function mostTrusted(examples: readonly ForegroundExample[], least: number): ForegroundExample[] {
  const count = Math.max(Math.ceil(examples.length * TRUSTED_SHARE), least);
  return examples.toSorted((a, b) => b.score - a.score).slice(0, count);
}

/** Up to `most` of a list, evenly spaced, and as many from even as from odd places. */
function evenly<T>(list: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.floor(list.length / most)) | 1;
  return list.filter((_, at) => at % step === 0).slice(0, most);
}

function reliabilityOf(
  { examples, compared }: Pick<LearnTask, 'examples' | 'compared'>,
  headOf: HeadOf,
): Reliability {
  const agreement = meanIou(examples, (example, at) => [
    isPositive(linear(headOf(example, at), example)),
    example.targets,
  ]);
  return { agreement, confirmation: confirmationOf({ compared }, headOf) };
}

function confirmationOf({ compared }: Pick<LearnTask, 'compared'>, headOf: HeadOf): number {
  return meanIou(compared, (example, at) => {
    const head = headOf(example, at);
    return [isPositive(linear(head, example)), maskWith(head, example)];
  });
}

const isPositive = (logits: Float32Array) => Uint8Array.from(logits, (logit) => (logit > 0 ? 1 : 0));

/** Mean over images of the IoU of two masks of superpixels. */
function meanIou(
  examples: readonly ForegroundExample[],
  masksOf: (example: ForegroundExample, at: number) => readonly [Uint8Array, Uint8Array],
): number {
  const ious = examples.map((example, at) => {
    const [a, b] = masksOf(example, at);
    let [both, either] = [0, 0];
    example.areas.forEach((px, s) => {
      if (a[s] && b[s]) both += px;
      if (a[s] || b[s]) either += px;
    });
    return either === 0 ? 1 : both / either;
  });
  return ious.reduce((sum, iou) => sum + iou, 0) / Math.max(ious.length, 1);
}
