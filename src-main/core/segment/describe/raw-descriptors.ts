import type { MaskShape } from '../../../domain/mask-shape.ts';
import { runsOf } from '../../mask/rle.ts';
import type { Embedding } from '../embed-image.ts';
import { nearest } from '../original-grid.ts';
import type { SuperpixelGraph } from '../superpixel-graph.ts';
import type { SuperpixelMap } from '../../superpixel/slic.ts';

/** Numbers of the colour of an object: mean Lab, its spread inside of superpixels, and that between them. */
export const COLOUR_DIM = 9;
/** Numbers of its outline: size and aspect as logarithms, share of its box, share of the box's sides on the border. */
export const SHAPE_DIM = 4;
/** Numbers that need no encoder; its features follow. */
export const LOOK_DIM = COLOUR_DIM + SHAPE_DIM;

/** What objects look like as measured: [n, LOOK_DIM + features]. */
export type RawDescriptors = { values: Float32Array; width: number };

type Described = {
  embedding: Pick<Embedding, 'map' | 'features' | 'dim' | 'kinds'>;
  graph: Pick<SuperpixelGraph, 'areas' | 'lab' | 'labSpread'>;
};
/** The place of something in its image, in shares of the image's sides. */
type Extent = { areaShare: number; x: number; y: number; width: number; height: number; aspect: number };

/**
 * Descriptors of an image as a whole, and of the masks in it.
 * @param masks on the grid of the upright original
 * @returns the image's row first, then one row per mask
 */
export function describeImage(image: Described, masks: readonly MaskShape[]): RawDescriptors {
  const { map, kinds } = image.embedding;
  const width = LOOK_DIM + kinds.to - kinds.from;
  const values = new Float32Array((masks.length + 1) * width);
  const whole = { areaShare: 1, x: 0, y: 0, width: 1, height: 1, aspect: map.widthPx / map.heightPx };
  writeRow(values.subarray(0, width), image, image.graph.areas, whole);
  masks.forEach((shape, at) => {
    const { pixels, extent } = coverage(shape, map);
    writeRow(values.subarray((at + 1) * width, (at + 2) * width), image, pixels, extent);
  });
  return { values, width };
}

/** Pixels of a mask in each superpixel, on the superpixels' grid, and its place. */
export function coverage(shape: MaskShape, map: SuperpixelMap): { pixels: Float32Array; extent: Extent } {
  const pixels = new Float32Array(map.count);
  const runs = runsOf(shape);
  const [columns, rows] = [nearest(shape.gridWidth, map.widthPx), nearest(shape.gridHeight, map.heightPx)];
  let [run, end, last] = [0, runs[0] ?? 0, -1];
  const box = { left: Infinity, right: -1, top: Infinity, bottom: -1, area: 0 };
  const add = (x: number, y: number) => {
    const label = map.labels[y * map.widthPx + x] ?? 0;
    pixels[label] = (pixels[label] ?? 0) + 1;
    box.area++;
    [box.left, box.right] = [Math.min(box.left, x), Math.max(box.right, x)];
    [box.top, box.bottom] = [Math.min(box.top, y), Math.max(box.bottom, y)];
  };
  for (let x = 0; x < map.widthPx; x++) {
    for (let y = 0; y < map.heightPx; y++) {
      const position = (columns[x] ?? 0) * shape.gridHeight + (rows[y] ?? 0);
      // On a grid that is smaller than the superpixels', a column is met twice.
      if (position < last) [run, end] = [0, runs[0] ?? 0];
      while (end <= position && run + 1 < runs.length) end += runs[++run] ?? 0;
      if (run % 2 === 1) add(x, y);
      last = position;
    }
  }
  if (box.area === 0) {
    // Smaller than the distance between two samples: its first pixel stands for it.
    const first = runs[0] ?? 0;
    const place = (at: number, from: number, to: number) => Math.min(Math.floor((at * to) / from), to - 1);
    add(
      place(Math.floor(first / shape.gridHeight), shape.gridWidth, map.widthPx),
      place(first % shape.gridHeight, shape.gridHeight, map.heightPx),
    );
  }
  const [width, height] = [box.right - box.left + 1, box.bottom - box.top + 1];
  return {
    pixels,
    extent: {
      areaShare: box.area / (map.widthPx * map.heightPx),
      x: box.left / map.widthPx,
      y: box.top / map.heightPx,
      width: width / map.widthPx,
      height: height / map.heightPx,
      aspect: width / height,
    },
  };
}

/** @param weights [superpixels]: how much of each belongs to what is described */
function writeRow(
  row: Float32Array,
  { embedding, graph }: Described,
  weights: Float32Array,
  extent: Extent,
): void {
  const { features, dim, kinds } = embedding;
  const total = Math.max(
    weights.reduce((sum, weight) => sum + weight, 0),
    1e-9,
  );
  weights.forEach((weight, label) => {
    if (weight === 0) return;
    const share = weight / total;
    for (let c = 0; c < 3; c++) {
      const value = graph.lab[label * 3 + c] ?? 0;
      row[c] = (row[c] ?? 0) + share * value;
      row[3 + c] = (row[3 + c] ?? 0) + share * (graph.labSpread[label * 3 + c] ?? 0);
      row[6 + c] = (row[6 + c] ?? 0) + share * value * value;
    }
    for (let d = kinds.from, to = LOOK_DIM; d < kinds.to; d++, to++)
      row[to] = (row[to] ?? 0) + share * (features[label * dim + d] ?? 0);
  });
  for (let c = 0; c < 3; c++) row[6 + c] = Math.sqrt(Math.max((row[6 + c] ?? 0) - (row[c] ?? 0) ** 2, 0));
  const { areaShare, x, y, width, height, aspect } = extent;
  const isAt = (place: number) => Number(Math.abs(place) < 1e-6);
  const borders = (isAt(x) + isAt(y) + isAt(x + width - 1) + isAt(y + height - 1)) / 4;
  row.set([Math.log(areaShare), Math.log(aspect), areaShare / (width * height), borders], COLOUR_DIM);
}
