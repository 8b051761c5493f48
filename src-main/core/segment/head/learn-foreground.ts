import type { SegmentationId } from '../../../contract/ids.ts';
import type { ForegroundNote } from '../../../contract/segmentation.ts';
import { PLAIN_WEIGHTS, type ForegroundWeights } from '../foreground.ts';
import { linear, meanOfHeads, type ForegroundHead } from './foreground-head.ts';
import { BATCH_IMAGES, learnHead, type HeadExample } from './learn-head.ts';

/** An image's own mask, as an example, and how far that mask can be trusted. */
export type ForegroundExample = HeadExample & { score: number };

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
/** Share of the images that teach and test: those whose masks can be trusted most. */
const TRUSTED_SHARE = 0.6;
/** At least this many teach: of few images, each counts more than the mistakes in it. */
const MIN_TEACHING = 100;
/** How often each image is seen: of few images, more teach their mistakes. */
const EPOCHS = 96;
const [MIN_STEPS, MAX_STEPS] = [200, 600];
/** Agreement below which the features say nothing that the masks do not say better; test/bench/segment/NOTES.md. */
const LEAST_AGREEMENT = 0.5;
/** With a head that agrees: it weighs more than the cues of a single image, the middle of the image less. */
const HEAD_WEIGHTS: ForegroundWeights = { ...PLAIN_WEIGHTS, prior: 2, centre: 1.5 };

export type LearnForegroundOptions = {
  seed: number;
  /** Heads of other collections. */
  known?: readonly KnownHead[];
  signal?: AbortSignal;
  onProgress?: (steps: { done: number; total: number }) => void;
};

/** A head, and the mean IoU of its answers with trusted masks that it was not learned from. */
type Candidate = { head: ForegroundHead; agreement: number; from: SegmentationId | null };

/**
 * Finds the head that agrees best with the masks that a collection's images gave individually: one learned from them,
 * or that of another collection. None is used where none agrees well enough to help.
 * @param examples in an order that is the same each time
 */
export async function learnForeground(
  examples: readonly ForegroundExample[],
  options: LearnForegroundOptions,
): Promise<ForegroundModel> {
  const candidates: Candidate[] = (options.known ?? []).map(({ head, segmentationId }) => ({
    head,
    agreement: meanAgreement(mostTrusted(examples, 0), () => head),
    from: segmentationId,
  }));
  if (examples.length >= MIN_IMAGES) candidates.unshift(await learnFrom(examples, options));
  const [first, ...rest] = candidates;
  if (!first) return plainForeground('few-images');
  const best = rest.reduce((most, other) => (other.agreement > most.agreement ? other : most), first);
  const { head, agreement, from } = best;
  const note = { agreement, imageCount: examples.length, from };
  if (agreement < LEAST_AGREEMENT) {
    return { head: null, weights: PLAIN_WEIGHTS, note: { way: 'disagreement', ...note } };
  }
  return { head, weights: HEAD_WEIGHTS, note: { way: 'head', ...note } };
}

/** Learns a head from either half of the images: each is tested on the other half, and their mean is the head. */
async function learnFrom(
  examples: readonly ForegroundExample[],
  { seed, signal, onProgress }: LearnForegroundOptions,
): Promise<Candidate> {
  const halfOf = new Map(examples.map((example, at) => [example, at % 2]));
  const teaching = [0, 1].map((half) =>
    mostTrusted(
      examples.filter((example) => halfOf.get(example) === half),
      MIN_TEACHING,
    ),
  );
  const steps = Math.max(...teaching.map(({ length }) => stepsFor(length)));
  const heads: ForegroundHead[] = [];
  for (const [half, taught] of teaching.entries()) {
    const onSteps = (done: number) => onProgress?.({ done: half * steps + done, total: 2 * steps });
    heads.push(await learnHead(taught, { steps, seed, onSteps, ...(signal && { signal }) }));
  }
  const [first, second] = heads;
  if (!first || !second) throw new Error('two halves make two heads');
  const agreement = meanAgreement(mostTrusted(examples, 0), (example) =>
    halfOf.get(example) === 0 ? second : first,
  );
  return { head: meanOfHeads(first, second), agreement, from: null };
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

/** Mean IoU of a head's answers with the images' own masks. */
function meanAgreement(
  examples: readonly ForegroundExample[],
  headOf: (example: ForegroundExample) => ForegroundHead,
): number {
  const ious = examples.map((example) => {
    let [both, either] = [0, 0];
    linear(headOf(example), example).forEach((logit, s) => {
      const px = example.areas[s] ?? 0;
      const [isInside, isTarget] = [logit > 0, example.targets[s] === 1];
      if (isInside && isTarget) both += px;
      if (isInside || isTarget) either += px;
    });
    return either === 0 ? 1 : both / either;
  });
  return ious.reduce((sum, iou) => sum + iou, 0) / Math.max(ious.length, 1);
}
