import type { ForegroundNote } from '../../../contract/segmentation.ts';
import { PLAIN_WEIGHTS, type ForegroundWeights } from '../foreground.ts';
import type { ForegroundExample } from './foreground-example.ts';
import type { ForegroundHead } from './foreground-head.ts';
import {
  bothOf,
  cueReliability,
  learnInRounds,
  Progress,
  workOfCues,
  workOfRounds,
  type LearningProgress,
  type LearningWork,
  type LearnTask,
} from './learn-rounds.ts';
import { lessonsOf, type Lessons } from './lessons.ts';
import { learnThingMetric, type ThingMetric } from './thing-metric.ts';
import {
  HEAD_WEIGHTS,
  isAhead,
  isConfirmed,
  judgedImages,
  reliabilityOf,
  type CutAnswered,
  type Reliability,
} from './reliability.ts';

/** How the foregrounds of a collection are found: by each image's own cues, and by a head where one helps. */
export type ForegroundModel = {
  head: ForegroundHead | null;
  /** What distinguishes the things of a foreground; null without a head, and where too few images taught it. */
  things: ThingMetric | null;
  weights: ForegroundWeights;
  note: ForegroundNote;
};

/** Every image by its own cues, for a reason that leaves nothing to learn. */
export function plainForeground(
  way: Exclude<ForegroundNote['way'], 'head' | 'disagreement'>,
): ForegroundModel {
  return {
    head: null,
    things: null,
    weights: PLAIN_WEIGHTS,
    note: { way, agreement: null, imageCount: 0, from: null, taughtBy: [], hasThingMetric: false },
  };
}

type Teacher = ForegroundNote['taughtBy'][number];

/** What another collection's images taught the same encoder. */
export type KnownHead = Teacher & {
  head: ForegroundHead;
  things: ThingMetric | null;
  /** The collections besides that one that taught it. */
  taughtBy: readonly Teacher[];
  /** Images of that one that taught it. */
  imageCount: number;
  /** What its images taught, to learn from them together with others; null if that was not kept. */
  lessons: Lessons | null;
};

/** Fewer images teach what they show rather than what things look like. */
const MIN_IMAGES = 16;
/** One other collection teaches as much by the head that it has: only several give a varied one together. */
const MIN_OTHERS = 2;
/**
 * Confirmations that differ by less than this say nothing, being means over a few dozen images: then the head that most
 * images taught is used; test/bench/segment/NOTES.md.
 */
const CONFIRMATION_ERROR = 0.02;

export type LearnForegroundOptions = {
  seed: number;
  /** Heads of other collections, one for each. */
  known?: readonly KnownHead[];
  signal?: AbortSignal;
  onProgress?: (progress: LearningProgress) => void;
  /** Where images are cut between the rounds; here by default. */
  cut?: CutAnswered;
};

export type LearnedForeground = ForegroundModel & {
  /** What the images taught, for the heads of other collections; null where they taught no head that is used. */
  lessons: Lessons | null;
};

type Candidate = Reliability & {
  head: ForegroundHead;
  from: KnownHead['segmentationId'] | null;
  taughtBy: readonly Teacher[];
  /** Images that taught it. */
  imageCount: number;
  /** The images with the masks that taught it; null for a head that is known from elsewhere. */
  taught: readonly ForegroundExample[] | null;
  /** What distinguishes things, as others learned it with the head. */
  things: ThingMetric | null;
  /** The lessons of others that taught it as well. */
  others: Lessons['kept'];
};
type Judged = Candidate & { isReliable: boolean };

/**
 * Finds the head that a collection's images confirm most: one learned from the masks that they gave individually, one
 * learned from these together with the lessons of other collections, or that of another collection. None is used where
 * none can be relied on.
 * @param examples in an order that is the same each time
 */
export async function learnForeground(
  examples: readonly ForegroundExample[],
  { seed, known = [], signal, onProgress, cut }: LearnForegroundOptions,
): Promise<LearnedForeground> {
  const pool = poolFor(examples, known);
  const progress = new Progress(workFor(examples, pool), onProgress);
  const task = { ...judgedImages(examples), seed, progress, ...(signal && { signal }), ...(cut && { cut }) };
  const cues = examples.length >= MIN_IMAGES ? await cueReliability(task) : null;
  const learned = cues ? await learnHere(task, cues, pool) : [];
  const candidates = [...learned];
  for (const head of known) candidates.push(await judge(task, head, cues));
  const best = mostConfirmed(candidates.filter(({ isReliable }) => isReliable));
  const closest = best ?? learned[0] ?? mostConfirmed(candidates);
  if (!closest) return { ...plainForeground('few-images'), lessons: null };
  const { head, agreement, from, taughtBy, taught } = closest;
  const note = { agreement, imageCount: examples.length, from, taughtBy: [...taughtBy] };
  if (!best) {
    const none = { head: null, things: null, lessons: null };
    return { ...none, weights: PLAIN_WEIGHTS, note: { way: 'disagreement', ...note, hasThingMetric: false } };
  }
  const things = taught ? await learnThingMetric(taught, { others: best.others, signal }) : best.things;
  const lessons = taught && lessonsOf(taught);
  const hasThingMetric = things !== null;
  return { head, things, weights: HEAD_WEIGHTS, note: { way: 'head', ...note, hasThingMetric }, lessons };
}

/** The heads that the images teach: on their own, and together with other collections. */
async function learnHere(task: LearnTask, cues: Reliability, pool: readonly Pooled[]): Promise<Judged[]> {
  const own = await learnInRounds(task, cues);
  const imageCount = task.examples.length;
  const here = { from: null, things: null };
  const judged: Judged[] = [{ ...own, ...here, taughtBy: [], imageCount, taught: own.lessons, others: [] }];
  if (pool.length === 0) return judged;
  const pooled = await learnInRounds(task, cues, keptOf(pool));
  const taughtBy = pool.map(({ teacher }) => teacher);
  const all = pool.reduce((sum, { images }) => sum + images, imageCount);
  const others = keptOf(pool).flat();
  return [...judged, { ...pooled, ...here, taughtBy, imageCount: all, taught: pooled.lessons, others }];
}

/**
 * About how long it takes to learn a head.
 * @param dim channels of the features
 * @param heads of other collections, with which it is learned a second time
 */
export function learningMs({
  imageCount,
  dim,
  heads,
}: Record<'imageCount' | 'dim' | 'heads', number>): number {
  if (imageCount < MIN_IMAGES) return 0;
  const rounds = workOfRounds(imageCount, dim).ms;
  return workOfCues(imageCount).ms + (heads < MIN_OTHERS ? rounds : 2 * rounds);
}

/** The work that all of it is, if every round is needed. */
function workFor(examples: readonly ForegroundExample[], pool: readonly Pooled[]): LearningWork {
  const { length } = examples;
  const dim = examples[0]?.dim ?? 0;
  const own = bothOf(workOfCues(length), workOfRounds(length, dim));
  return pool.length === 0 ? own : bothOf(own, workOfRounds(length, dim, keptOf(pool)));
}

const keptOf = (pool: readonly Pooled[]) => pool.map(({ kept }) => kept);

/** `images` counts all that taught, `kept` is what is left of some of them. */
type Pooled = { teacher: Teacher; images: number; kept: Lessons['kept'] };

/**
 * The lessons of other collections, but for images that are here too: a head is judged on what it has not seen. None where
 * there are too few to teach together.
 */
function poolFor(examples: readonly ForegroundExample[], known: readonly KnownHead[]): Pooled[] {
  const here = new Set(examples.map(({ image }) => image.contentHash));
  const pool = known
    .map((head) => ({
      teacher: teacherOf(head),
      images: head.imageCount,
      kept: head.lessons?.kept.filter(({ contentHash }) => !here.has(contentHash)) ?? [],
    }))
    .filter(({ kept }) => kept.length > 0);
  return pool.length < MIN_OTHERS ? [] : pool;
}

/** Another collection's head, on images that it has not seen. */
async function judge(task: LearnTask, known: KnownHead, cues: Reliability | null): Promise<Judged> {
  const { head, things, segmentationId: from, imageCount } = known;
  const reliability = await reliabilityOf(task, () => head);
  const isReliable = cues ? isAhead(reliability, cues) : isConfirmed(reliability);
  const taughtBy = [teacherOf(known), ...known.taughtBy];
  const elsewhere = { from, taught: null, others: [] };
  return { ...reliability, ...elsewhere, head, things, taughtBy, imageCount, isReliable };
}

const teacherOf = ({ segmentationId, collection }: KnownHead): Teacher => ({ segmentationId, collection });

/** The head that images confirm most; of those that they confirm as well as that, the one that most images taught. */
function mostConfirmed<T extends Candidate>(candidates: readonly T[]): T | undefined {
  const best = Math.max(...candidates.map(({ confirmation }) => confirmation));
  const [first, ...rest] = candidates.filter(({ confirmation }) => confirmation > best - CONFIRMATION_ERROR);
  return first && rest.reduce((most, other) => (isBetter(other, most) ? other : most), first);
}

function isBetter(a: Candidate, b: Candidate): boolean {
  return a.imageCount === b.imageCount ? a.confirmation > b.confirmation : a.imageCount > b.imageCount;
}
