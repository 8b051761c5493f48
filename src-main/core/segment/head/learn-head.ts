import { setImmediate as nextTurn } from 'node:timers/promises';
import { ShapedSession } from '../../compile/runtime/shaped-session.ts';
import { AdamW } from '../../model/adam-w.ts';
import { drawsFor, type Draw } from '../../tensor/random.ts';
import { floatsOf, type FeatureRows, type ForegroundHead } from './foreground-head.ts';
import { headStepGraph } from './head-step.ts';

/** What an image teaches: its superpixels' features, and which of them its own mask holds. */
export type HeadExample = FeatureRows & {
  /** [count]: 1 inside of the image's mask. */
  targets: Uint8Array;
  /** [count] in pixels. */
  areas: Float32Array;
};

/** Images that teach in addition to a collection's own, a list for each other collection. */
export type OtherLessons = readonly (readonly HeadExample[])[];

export type LearnOptions = {
  steps: number;
  seed: number;
  /** As many images of each step are from each of these collections as from the one that learns. */
  others?: OtherLessons;
  signal?: AbortSignal;
  /** Called from time to time with the number of finished steps. */
  onSteps?: (done: number) => void;
};

/** Images of a step. */
export const BATCH_IMAGES = 16;
const LEARNING_RATE = 3e-3;
const WEIGHT_DECAY = 0.01;
/** Steps after which others get their turn: the thread has messages to answer. */
const STEPS_A_TURN = 10;
/** Every third superpixel says enough of the features' means and deviations. */
const MOMENT_STEP = 3;

/**
 * Superpixels from which a head is learned, and at least that many of an image: of many images some say as much as all,
 * and each step reads them; test/bench/segment/NOTES.md.
 */
const [ENOUGH_ROWS, LEAST_ROWS] = [32_000, 256];

/** Superpixels of an example in single precision: converted once, for all of the steps that it is seen in. */
type Lesson = { features: Float32Array; targets: Float32Array; areas: Float32Array };

/** Means and inverse deviations of features, [dim] each. */
export type Standardisation = { means: Float64Array; scales: Float64Array };

/**
 * Learns a head from the masks of a collection: cross-entropy, weighted by area, and half of a soft IoU an image,
 * by AdamW over a cosine. The idea of a few hundred numbers learned from a method's own masks is FOUND's (Siméoni et
 * al., CVPR 2023).
 * @param examples in an order that is the same each time; not empty
 */
export async function learnHead(
  examples: readonly HeadExample[],
  { steps, seed, others = [], signal, onSteps }: LearnOptions,
): Promise<ForegroundHead> {
  const [first] = examples;
  if (!first) throw new Error('a head is learned from images');
  const { dim } = first;
  const mostRows = Math.max(LEAST_ROWS, Math.floor(ENOUGH_ROWS / examples.length));
  const collections = [examples, ...others].map((list) => list.map((example) => toLesson(example, mostRows)));
  using session = await ShapedSession.open(headStepGraph(dim), 'onnx:cpu', 1);
  const standard = standardise(collections.flat(), dim, MOMENT_STEP);
  const parameters = new Float64Array(dim + 1);
  const optimizer = new AdamW(parameters.length);
  // The bias, which is last, does not decay.
  const weightDecays = new Float64Array(dim + 1).fill(WEIGHT_DECAY, 0, dim);
  const next = inTurn(
    collections.map((lessons, index) =>
      shuffled(lessons, drawsFor({ seed, step: 0, stream: 'foreground-head', index })),
    ),
  );
  const batchImages = Math.min(BATCH_IMAGES, collections.flat().length);
  for (let step = 0; step < steps; step++) {
    if (step % STEPS_A_TURN === 0) {
      await nextTurn();
      signal?.throwIfAborted();
      onSteps?.(step);
    }
    const head = onRawFeatures(parameters, standard);
    const batch = Array.from({ length: batchImages }, next);
    // Asked for together: ONNX Runtime computes several at a time.
    const gradients = await Promise.all(batch.map((lesson) => gradientOf(head, lesson, session)));
    const raw = sumOf(gradients, dim + 1);
    const learningRate = (LEARNING_RATE / 2) * (1 + Math.cos((Math.PI * step) / steps));
    const gradient = onStandardised(raw, standard, batch.length);
    optimizer.update(parameters, gradient, { learningRate, weightDecays });
  }
  onSteps?.(steps);
  return onRawFeatures(parameters, standard);
}

/** Up to that many superpixels of an example, evenly spaced: they are numbered line by line. */
function toLesson(example: HeadExample, mostRows: number): Lesson {
  const { dim, targets, areas } = example;
  const all = floatsOf(example);
  const rows = Math.min(targets.length, mostRows);
  const lesson = {
    features: new Float32Array(rows * dim),
    targets: new Float32Array(rows),
    areas: new Float32Array(rows),
  };
  for (let row = 0; row < rows; row++) {
    const s = Math.floor((row * targets.length) / rows);
    lesson.features.set(all.subarray(s * dim, (s + 1) * dim), row * dim);
    lesson.targets[row] = targets[s] ?? 0;
    lesson.areas[row] = areas[s] ?? 0;
  }
  return lesson;
}

/** Of the features of images, for each channel. @param step one superpixel of each `step` is read */
export function standardise(
  lessons: readonly Pick<Lesson, 'features'>[],
  dim: number,
  step: number,
): Standardisation {
  const sums = new Float64Array(dim);
  const squares = new Float64Array(dim);
  let rows = 0;
  for (const { features } of lessons) {
    for (let at = 0; at < features.length; at += dim * step, rows++) {
      for (let d = 0; d < dim; d++) {
        const value = features[at + d] ?? 0;
        sums[d] = (sums[d] ?? 0) + value;
        squares[d] = (squares[d] ?? 0) + value * value;
      }
    }
  }
  const means = sums.map((sum) => sum / rows);
  const scales = squares.map(
    (square, d) => 1 / Math.sqrt(Math.max(square / rows - (means[d] ?? 0) ** 2, 1e-8)),
  );
  return { means, scales };
}

/** The next lesson of each collection in turn. */
function inTurn(collections: readonly (() => Lesson)[]): () => Lesson {
  let turn = 0;
  return () => {
    const next = collections[turn++ % collections.length];
    if (!next) throw new Error('a head is learned from a collection');
    return next();
  };
}

/** The lessons in one random order after another. */
function shuffled(lessons: readonly Lesson[], draw: Draw): () => Lesson {
  let waiting: Lesson[] = [];
  return () => {
    if (waiting.length === 0) {
      const keyed = lessons.map((lesson) => ({ lesson, key: draw() }));
      waiting = keyed.sort((a, b) => a.key - b.key).map(({ lesson }) => lesson);
    }
    const lesson = waiting.pop();
    if (!lesson) throw new Error('a head is learned from images');
    return lesson;
  };
}

/** Parameters for standardised features, the bias last, as a head for features as they are. */
function onRawFeatures(parameters: Float64Array, { means, scales }: Standardisation): ForegroundHead {
  const dim = means.length;
  const weights = new Float32Array(dim);
  let bias = parameters[dim] ?? 0;
  for (let d = 0; d < dim; d++) {
    const weight = (parameters[d] ?? 0) * (scales[d] ?? 0);
    weights[d] = weight;
    bias -= weight * (means[d] ?? 0);
  }
  return { weights, bias };
}

/** The mean gradient by parameters for standardised features, of a sum of gradients for features as they are. */
function onStandardised(raw: Float64Array, { means, scales }: Standardisation, images: number): Float64Array {
  const dim = means.length;
  const ofBias = raw[dim] ?? 0;
  return raw.map((value, d) =>
    d === dim ? ofBias / images : ((scales[d] ?? 0) * (value - (means[d] ?? 0) * ofBias)) / images,
  );
}

/** The gradient that an image gives the head's weights and, last, its bias. */
async function gradientOf(
  { weights, bias }: ForegroundHead,
  { features, targets, areas }: Lesson,
  session: ShapedSession,
): Promise<Float32Array> {
  const rows = targets.length;
  const inputs = {
    features: { data: features, shape: [rows, weights.length] },
    weights: { data: weights, shape: [weights.length, 1] },
    bias: { data: Float32Array.of(bias), shape: [1] },
    targets: { data: targets, shape: [rows] },
    areas: { data: areas, shape: [rows] },
  };
  const [gradient] = await session.run(inputs, ['gradient']);
  if (!gradient) throw new Error('a head step gives a gradient');
  return gradient.data;
}

/** In the order in which they are given, whichever was computed first: the last digits are the same each time. */
function sumOf(gradients: readonly Float32Array[], length: number): Float64Array {
  const sum = new Float64Array(length);
  for (const gradient of gradients) {
    for (let at = 0; at < length; at++) sum[at] = (sum[at] ?? 0) + (gradient[at] ?? 0);
  }
  return sum;
}
