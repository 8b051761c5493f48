import { findForeground, iouOf, PLAIN_WEIGHTS, type ForegroundWeights } from '../foreground.ts';
import type { ForegroundExample } from './foreground-example.ts';
import { headLogits, linear, type ForegroundHead } from './foreground-head.ts';

/** How far a head can be relied on, as far as that can be said without ground truth. */
export type Reliability = {
  /** Mean IoU of its answers with the images' first masks, of images that it was not learned from. */
  agreement: number;
  /** Mean IoU of its answers with the masks that the images' own colours and edges make of them. */
  confirmation: number;
};

/** The images on which heads are judged. */
export type JudgedImages = {
  examples: readonly ForegroundExample[];
  /** Those of them that are cut to compare heads. */
  compared: readonly ForegroundExample[];
};

/** The head that judges an image, by its place among those that are judged. */
export type HeadOf = (example: ForegroundExample, at: number) => ForegroundHead;

/** With a head that agrees: it weighs more than the cues of a single image, the middle of the image less. */
export const HEAD_WEIGHTS: ForegroundWeights = { ...PLAIN_WEIGHTS, prior: 2, centre: 1.5 };

/** Images on which heads are compared: enough for a mean, few enough to be cut with every head. */
const COMPARED_IMAGES = 64;
/**
 * How far a head must be ahead of one that reads the image's own cues, in agreement and confirmation together: with less,
 * its features say nothing of foregrounds that the image does not say better. In the middle between the least lead of a
 * useful head and the largest of a harmful one, since a lead has a standard error of 0.02; test/bench/segment/NOTES.md.
 */
const LEAST_LEAD = 0.03;
/** With too few images to learn cues from, what a head of another collection must reach instead. */
const [LEAST_CONFIRMATION, LEAST_AGREEMENT] = [0.75, 0.3];

/** All images, and those of them on which heads are compared. */
export function judgedImages(examples: readonly ForegroundExample[]): JudgedImages {
  return { examples, compared: evenly(examples, COMPARED_IMAGES) };
}

/** Whether a head's features say enough more than the cues of the images themselves. */
export function isAhead(head: Reliability, cues: Reliability): boolean {
  return head.agreement - cues.agreement + head.confirmation - cues.confirmation >= LEAST_LEAD;
}

/** The same, where there are too few images to learn cues from. */
export function isConfirmed({ confirmation, agreement }: Reliability): boolean {
  return confirmation >= LEAST_CONFIRMATION && agreement >= LEAST_AGREEMENT;
}

/** Cuts an image, here or in another thread. */
export type CutAnswered = (image: AnsweredImage) => Promise<Uint8Array>;

/** Where images are cut to be judged; here by default. */
type Judging = JudgedImages & { cut?: CutAnswered };

/** How far heads can be relied on, each on the images that `headOf` gives it. */
export async function reliabilityOf(judging: Judging, headOf: HeadOf): Promise<Reliability> {
  const agreement = meanIou(judging.examples, (example, at) => [
    isPositive(linear(headOf(example, at), example)),
    example.targets,
  ]);
  return { agreement, confirmation: await confirmationOf(judging, headOf) };
}

/** Mean IoU of heads' answers with what the images' own colours and edges make of them. */
export async function confirmationOf(
  { compared, cut = cutHere }: Pick<Judging, 'compared' | 'cut'>,
  headOf: HeadOf,
): Promise<number> {
  const masks = await Promise.all(compared.map((example, at) => cut(answered(headOf(example, at), example))));
  return meanIou(compared, (example, at) => [
    isPositive(linear(headOf(example, at), example)),
    masks[at] ?? new Uint8Array(example.areas.length),
  ]);
}

/** What of an image its foreground is found by, once a head has said what it sees: `prior` [count] are its log odds. */
export type AnsweredImage = Pick<ForegroundExample, 'graph' | 'cues'> & { prior: Float32Array };

/** A head's answer for an image, with what it takes to make a mask of it. */
export function answered(head: ForegroundHead, example: ForegroundExample): AnsweredImage {
  const { graph, cues } = example;
  return { graph, cues, prior: headLogits(head, example) };
}

/** Cuts an image in the thread that asks. */
export const cutHere: CutAnswered = (image) => Promise.resolve(maskOf(image));

/** [count]: the foreground of an image by its own cues and a head's answer. */
export function maskOf({ graph, cues, prior }: AnsweredImage): Uint8Array {
  return findForeground(graph, cues, { weights: HEAD_WEIGHTS, prior }).selected;
}

/** Up to `most` of a list, evenly spaced, and as many from even as from odd places. */
function evenly<T>(list: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.floor(list.length / most)) | 1;
  return list.filter((_, at) => at % step === 0).slice(0, most);
}

const isPositive = (logits: Float32Array) => Uint8Array.from(logits, (logit) => (logit > 0 ? 1 : 0));

/** Mean over images of the IoU of two masks of superpixels. */
function meanIou(
  examples: readonly ForegroundExample[],
  masksOf: (example: ForegroundExample, at: number) => readonly [Uint8Array, Uint8Array],
): number {
  const ious = examples.map((example, at) => {
    const [a, b] = masksOf(example, at);
    return iouOf(a, b, example.areas);
  });
  return ious.reduce((sum, iou) => sum + iou, 0) / Math.max(ious.length, 1);
}
