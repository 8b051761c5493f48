import { setImmediate as nextTurn } from 'node:timers/promises';
import { drawsFor, type Draw } from '../../tensor/random.ts';
import { AdamW } from './adam-w.ts';
import type { FeatureRows, ForegroundHead } from './foreground-head.ts';

/** What an image teaches: its superpixels' features, and which of them its own mask holds. */
export type HeadExample = FeatureRows & {
  /** [count]: 1 inside of the image's mask. */
  targets: Uint8Array;
  /** [count] in pixels. */
  areas: Float32Array;
};

export type LearnOptions = {
  steps: number;
  seed: number;
  signal?: AbortSignal;
  /** Called from time to time with the number of finished steps. */
  onSteps?: (done: number) => void;
};

/** Images of a step. */
export const BATCH_IMAGES = 16;
const LEARNING_RATE = 3e-3;
/** Share of soft IoU in the loss next to cross-entropy: without it, small objects are lost. */
const IOU_WEIGHT = 0.5;
/** Steps after which others get their turn: the thread has messages to answer. */
const STEPS_A_TURN = 10;
/** Every third superpixel says enough of the features' means and deviations. */
const MOMENT_STEP = 3;

/** Means and inverse deviations of features, [dim] each. */
type Standardisation = { means: Float64Array; scales: Float64Array };

/**
 * Learns a head from the masks of a collection: cross-entropy, weighted by area, and half of a soft IoU an image,
 * by AdamW over a cosine. The idea of a few hundred numbers learned from a method's own masks is FOUND's (Siméoni et
 * al., CVPR 2023).
 * @param examples in an order that is the same each time; not empty
 */
export async function learnHead(
  examples: readonly HeadExample[],
  { steps, seed, signal, onSteps }: LearnOptions,
): Promise<ForegroundHead> {
  const [first] = examples;
  if (!first) throw new Error('a head is learned from images');
  const { dim } = first;
  const standard = standardise(examples, dim);
  const parameters = new Float64Array(dim + 1);
  const optimizer = new AdamW(parameters.length);
  const next = shuffled(examples, drawsFor({ seed, step: 0, stream: 'foreground-head' }));
  for (let step = 0; step < steps; step++) {
    if (step % STEPS_A_TURN === 0) {
      await nextTurn();
      signal?.throwIfAborted();
      onSteps?.(step);
    }
    const head = onRawFeatures(parameters, standard);
    const raw = new Float64Array(dim + 1);
    const count = Math.min(BATCH_IMAGES, examples.length);
    for (let image = 0; image < count; image++) addGradient(raw, head, next());
    const rate = (LEARNING_RATE / 2) * (1 + Math.cos((Math.PI * step) / steps));
    optimizer.update(parameters, onStandardised(raw, standard, count), rate);
  }
  onSteps?.(steps);
  return onRawFeatures(parameters, standard);
}

function standardise(examples: readonly HeadExample[], dim: number): Standardisation {
  const sums = new Float64Array(dim);
  const squares = new Float64Array(dim);
  let rows = 0;
  for (const { features } of examples) {
    for (let at = 0; at < features.length; at += dim * MOMENT_STEP, rows++) {
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

/** The examples in one random order after another. */
function shuffled(examples: readonly HeadExample[], draw: Draw): () => HeadExample {
  let waiting: HeadExample[] = [];
  return () => {
    if (waiting.length === 0) {
      const keyed = examples.map((example) => ({ example, key: draw() }));
      waiting = keyed.sort((a, b) => a.key - b.key).map(({ example }) => example);
    }
    const example = waiting.pop();
    if (!example) throw new Error('a head is learned from images');
    return example;
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

/** Adds an image's gradient by the head's weights and, last, its bias. */
function addGradient(gradient: Float64Array, { weights, bias }: ForegroundHead, example: HeadExample): void {
  const { dim, targets, areas } = example;
  const count = targets.length;
  // Converted at once: elements of a Float16Array are slow to read one by one.
  const features = new Float32Array(example.features);
  const shares = new Float32Array(count);
  let [area, both, either] = [0, 0, 0];
  for (let row = 0, at = 0; row < count; row++) {
    let logit = bias;
    for (let d = 0; d < dim; d++, at++) logit += (weights[d] ?? 0) * (features[at] ?? 0);
    const share = 1 / (1 + Math.exp(-logit));
    const [px, target] = [areas[row] ?? 0, targets[row] ?? 0];
    shares[row] = share;
    area += px;
    both += px * share * target;
    either += px * (share + target - share * target);
  }
  for (let row = 0, at = 0; row < count; row++) {
    const [px, target, share] = [areas[row] ?? 0, targets[row] ?? 0, shares[row] ?? 0];
    const crossEntropy = (share - target) / area;
    const iou = ((both * (1 - target) - target * either) / (either * either)) * share * (1 - share);
    const slope = px * (crossEntropy + IOU_WEIGHT * iou);
    for (let d = 0; d < dim; d++, at++) gradient[d] = (gradient[d] ?? 0) + slope * (features[at] ?? 0);
    gradient[dim] = (gradient[dim] ?? 0) + slope;
  }
}
