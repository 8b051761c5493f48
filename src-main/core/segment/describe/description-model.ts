import { principalAxes, project, type Projection } from '../projection.ts';
import { COLOUR_DIM, LOOK_DIM, SHAPE_DIM, type RawDescriptors } from './raw-descriptors.ts';

/** Axes of the features that are kept: of those of common encoders, they explain nearly all of what differs. */
const AXES = 64;
/** Rows that axes are fitted to: more change them little. */
const FIT_ROWS = 6_000;
/** How much each part says: with features, colour and outline only decide between what is otherwise alike. */
const WITH_FEATURES = { features: 1, colour: 0.3, shape: 0.2 };
const WITHOUT_FEATURES = { features: 0, colour: 1, shape: 0.5 };

/** How raw descriptors become vectors that are compared by their angle. */
export type DescriptionModel = {
  /** [LOOK_DIM]: of colour and outline over the collection. */
  mean: Float64Array;
  deviation: Float64Array;
  /** Of features of length 1; null without an encoder. */
  features: Projection | null;
};

/** Fits the axes of a collection to a sample of its images and objects. */
export function learnDescriptionModel(sample: RawDescriptors): DescriptionModel {
  const { values, width } = thinned(sample);
  const count = values.length / width;
  const mean = new Float64Array(LOOK_DIM);
  const deviation = new Float64Array(LOOK_DIM);
  for (let row = 0; row < count; row++)
    for (let d = 0; d < LOOK_DIM; d++) mean[d] = (mean[d] ?? 0) + (values[row * width + d] ?? 0) / count;
  for (let row = 0; row < count; row++)
    for (let d = 0; d < LOOK_DIM; d++)
      deviation[d] = (deviation[d] ?? 0) + ((values[row * width + d] ?? 0) - (mean[d] ?? 0)) ** 2 / count;
  const dim = width - LOOK_DIM;
  const features = dim > 0 ? principalAxes(unitFeatures({ values, width }), dim, Math.min(AXES, dim)) : null;
  return { mean, deviation: deviation.map((variance) => Math.sqrt(variance) + 1e-6), features };
}

/** Numbers of a vector. */
export function vectorDim({ features }: DescriptionModel): number {
  return LOOK_DIM + (features ? features.axes.length / features.dim : 0);
}

/** Vectors of length 1: features along their axes, colour, outline. [n, vectorDim] */
export function describedVectors(model: DescriptionModel, raw: RawDescriptors): Float32Array {
  const { values, width } = raw;
  const count = values.length / width;
  const dim = vectorDim(model);
  const weights = model.features ? WITH_FEATURES : WITHOUT_FEATURES;
  const along = model.features && project(model.features, unitFeatures(raw)); // [n, axes]
  const axes = dim - LOOK_DIM;
  const out = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    const vector = out.subarray(row * dim, (row + 1) * dim);
    if (along) {
      vector.set(along.subarray(row * axes, (row + 1) * axes));
      scaleTo(vector.subarray(0, axes), weights.features);
    }
    for (let d = 0; d < LOOK_DIM; d++) {
      const part =
        d < COLOUR_DIM ? weights.colour / Math.sqrt(COLOUR_DIM) : weights.shape / Math.sqrt(SHAPE_DIM);
      const away = ((values[row * width + d] ?? 0) - (model.mean[d] ?? 0)) / (model.deviation[d] ?? 1);
      // One that is far from all others in a single number would otherwise be like nothing.
      vector[axes + d] = part * Math.max(-3, Math.min(3, away));
    }
    scaleTo(vector, 1);
  }
  return out;
}

function scaleTo(vector: Float32Array, length: number): void {
  const now = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  const factor = length / Math.max(now, 1e-12);
  for (let d = 0; d < vector.length; d++) vector[d] = (vector[d] ?? 0) * factor;
}

/** Features, each row of length 1: [n, width - LOOK_DIM]. */
function unitFeatures({ values, width }: RawDescriptors): Float32Array {
  const dim = width - LOOK_DIM;
  const count = values.length / width;
  const out = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    out.set(values.subarray(row * width + LOOK_DIM, (row + 1) * width), row * dim);
    scaleTo(out.subarray(row * dim, (row + 1) * dim), 1);
  }
  return out;
}

function thinned({ values, width }: RawDescriptors): RawDescriptors {
  const count = values.length / width;
  if (count <= FIT_ROWS) return { values, width };
  const out = new Float32Array(FIT_ROWS * width);
  for (let at = 0; at < FIT_ROWS; at++) {
    const row = Math.floor((at * count) / FIT_ROWS);
    out.set(values.subarray(row * width, (row + 1) * width), at * width);
  }
  return { values: out, width };
}
