import type { Embedding } from './embed-image.ts';
import { principalAxes, project, type Projection } from './projection.ts';
import type { SuperpixelGraph } from './superpixel-graph.ts';

/** Numbers of a superpixel's colour: mean Lab, and the spread of Lab inside of it. */
const COLOUR_DIM = 6;
const LAB_DIM = 3;
/** Lab units that weigh as much as the colour's hue and texture, or as the features; test/bench/segment/NOTES.md. */
const LAB_UNIT = 40;
/** Axes that are kept. */
const AXES = 24;
/** Rows that axes are fitted to: more change them little. */
const FIT_ROWS = 6_000;

/** What distinguishes superpixels: `rows` [count, dim]. */
export type SuperpixelRows = { rows: Float32Array; dim: number };

/** Vectors of length 1 as coordinates along their principal axes, of a mean length of 1 over the collection. */
type Axes = { projection: Projection; scales: Float64Array };

/** How superpixels become the rows that are clustered; `features` is null without an encoder. */
export type RowModel = { colour: Axes; features: Axes | null };

/** Mean colours of superpixels, and their spread. */
export type SuperpixelColours = Pick<SuperpixelGraph, 'lab' | 'labSpread'>;

/** Colour and features of superpixels as measured, before a collection weighs them: [n, width]. */
export type Descriptors = { values: Float32Array; width: number };

/**
 * Descriptors of an image's superpixels.
 * @param labels superpixels that are asked for; all by default
 */
export function superpixelDescriptors(
  { map, features, dim, kinds }: Embedding,
  { lab, labSpread }: SuperpixelColours,
  labels: readonly number[] = Array.from({ length: map.count }, (_, label) => label),
): { values: Float32Array<ArrayBuffer>; width: number } {
  const width = COLOUR_DIM + kinds.to - kinds.from;
  const values = new Float32Array(labels.length * width);
  labels.forEach((label, row) => {
    const at = row * width;
    values.set(lab.subarray(label * LAB_DIM, (label + 1) * LAB_DIM), at);
    values.set(labSpread.subarray(label * LAB_DIM, (label + 1) * LAB_DIM), at + LAB_DIM);
    values.set(features.subarray(label * dim + kinds.from, label * dim + kinds.to), at + COLOUR_DIM);
  });
  return { values, width };
}

/** Fits the axes of colour and of features to a sample of descriptors. */
export function learnRowModel(sample: Descriptors): RowModel {
  const rows = thinned(sample);
  const { width } = rows;
  return {
    // Half whitened: colour is strong along few axes and would hide texture.
    colour: learnAxes(unitColumns(rows, 0, COLOUR_DIM), COLOUR_DIM, 1 / 2),
    features:
      width > COLOUR_DIM ? learnAxes(unitColumns(rows, COLOUR_DIM, width), width - COLOUR_DIM, 0) : null,
  };
}

/** Mean colours: Lab, in units of `LAB_UNIT`. */
export function colourRows({ lab }: Pick<SuperpixelColours, 'lab'>): SuperpixelRows {
  return { rows: lab.map((value) => value / LAB_UNIT), dim: LAB_DIM };
}

/** Features along their axes, of a mean length of 1 over the collection; null without an encoder. */
export function featureRows({ features }: RowModel, { values, width }: Descriptors): SuperpixelRows | null {
  if (!features) return null;
  const rows = coordinates(features, unitColumns({ values, width }, COLOUR_DIM, width));
  return { rows, dim: features.scales.length };
}

/** Descriptors as they are clustered: Lab, the colour along its axes, the features along theirs. */
export function clusterRows({ colour, features }: RowModel, { values, width }: Descriptors): SuperpixelRows {
  const parts = [coordinates(colour, unitColumns({ values, width }, 0, COLOUR_DIM))];
  if (features) parts.push(coordinates(features, unitColumns({ values, width }, COLOUR_DIM, width)));
  const count = values.length / width;
  const dim = LAB_DIM + parts.reduce((sum, part) => sum + part.length / count, 0);
  const rows = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    let to = row * dim;
    for (let c = 0; c < LAB_DIM; c++) rows[to++] = (values[row * width + c] ?? 0) / LAB_UNIT;
    for (const part of parts) {
      const axes = part.length / count;
      rows.set(part.subarray(row * axes, (row + 1) * axes), to);
      to += axes;
    }
  }
  return { rows, dim };
}

/** @param whitening power of the variance that is divided by: 0 keeps strong axes strong, 1 makes all equal */
function learnAxes(unit: Float32Array, dim: number, whitening: number): Axes {
  const projection = principalAxes(unit, dim, Math.min(AXES, dim));
  const scales = projection.variances.map((variance) => (variance + 1e-6) ** (-whitening / 2));
  const lengths = coordinates({ projection, scales }, unit).reduce((sum, value) => sum + value * value, 0);
  const meanLength = Math.sqrt(lengths / (unit.length / dim));
  return { projection, scales: scales.map((scale) => scale / Math.max(meanLength, 1e-12)) };
}

function coordinates({ projection, scales }: Axes, unit: Float32Array): Float32Array {
  return project(projection, unit).map((value, at) => value * (scales[at % scales.length] ?? 0));
}

/** Columns `from` to `to` of descriptors, each row of length 1: [n, to - from]. */
function unitColumns({ values, width }: Descriptors, from: number, to: number): Float32Array {
  const dim = to - from;
  const count = values.length / width;
  const out = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    let squares = 0;
    for (let at = row * width + from; at < row * width + to; at++) squares += (values[at] ?? 0) ** 2;
    const length = Math.max(Math.sqrt(squares), 1e-12);
    for (let d = 0; d < dim; d++) out[row * dim + d] = (values[row * width + from + d] ?? 0) / length;
  }
  return out;
}

function thinned({ values, width }: Descriptors): Descriptors {
  const count = values.length / width;
  if (count <= FIT_ROWS) return { values, width };
  const out = new Float32Array(FIT_ROWS * width);
  for (let at = 0; at < FIT_ROWS; at++) {
    const row = Math.floor((at * count) / FIT_ROWS);
    out.set(values.subarray(row * width, (row + 1) * width), at * width);
  }
  return { values: out, width };
}
