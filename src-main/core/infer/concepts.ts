import { kmeans } from '../segment/kmeans.ts';
import { drawsFor } from '../tensor/random.ts';
import { principalAxes, project, type Projection } from './projection.ts';

/** Axes that concepts are told apart on. */
const AXES = 24;
/** Rows that a projection is fitted to: more change it little. */
const FIT_ROWS = 6_000;

/** What was learned from a collection's superpixels: kinds of things, the same over all images. */
export type ConceptModel = {
  projection: Projection;
  /** [count, axes]. */
  centres: Float32Array;
  count: number;
};

/**
 * Finds concepts: features of length 1, whitened principal axes, k-means.
 * @param rows [n, dim] features of superpixels, a sample over the whole collection
 */
export async function learnConcepts(
  rows: Float32Array,
  dim: number,
  { conceptCount, seed }: { conceptCount: number; seed: number },
): Promise<ConceptModel> {
  const unit = unitRows(rows, dim);
  const projection = principalAxes(thinned(unit, dim, FIT_ROWS), dim, Math.min(AXES, dim));
  const draw = drawsFor({ seed, step: 0, stream: 'concepts' });
  const axes = projection.variances.length;
  const { centres } = await kmeans({ rows: coordinates(projection, unit), dim: axes }, conceptCount, draw);
  return { projection, centres: Float32Array.from(centres), count: centres.length / axes };
}

/**
 * The concept of each superpixel.
 * @param features [n, dim] as the encoder gave them
 */
export function conceptsOf({ projection, centres, count }: ConceptModel, features: Float32Array): Int32Array {
  const axes = projection.variances.length;
  const rows = coordinates(projection, unitRows(features, projection.dim));
  return Int32Array.from({ length: rows.length / axes }, (_, row) => {
    let best = 0;
    let least = Infinity;
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let d = 0; d < axes; d++) sum += ((rows[row * axes + d] ?? 0) - (centres[k * axes + d] ?? 0)) ** 2;
      if (sum < least) [least, best] = [sum, k];
    }
    return best;
  });
}

/** Coordinates of superpixels on half-whitened axes: strong ones count more, but not by their variance. */
export function coordinates(projection: Projection, unit: Float32Array): Float32Array {
  const axes = projection.variances.length;
  const scale = projection.variances.map((variance) => 1 / Math.sqrt(Math.sqrt(variance) + 1e-6));
  return project(projection, unit).map((value, at) => value * (scale[at % axes] ?? 0));
}

/** Rows of length 1. */
export function unitRows(rows: Float32Array, dim: number): Float32Array {
  const out = new Float32Array(rows.length);
  for (let from = 0; from < rows.length; from += dim) {
    let squares = 0;
    for (let d = from; d < from + dim; d++) squares += (rows[d] ?? 0) ** 2;
    const length = Math.max(Math.sqrt(squares), 1e-12);
    for (let d = from; d < from + dim; d++) out[d] = (rows[d] ?? 0) / length;
  }
  return out;
}

function thinned(rows: Float32Array, dim: number, most: number): Float32Array {
  const count = rows.length / dim;
  if (count <= most) return rows;
  const out = new Float32Array(most * dim);
  for (let at = 0; at < most; at++) {
    const row = Math.floor((at * count) / most);
    out.set(rows.subarray(row * dim, (row + 1) * dim), at * dim);
  }
  return out;
}
