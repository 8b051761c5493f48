import type { Box } from '../../contract/mask.ts';
import type { MaskShape } from '../../domain/mask-shape.ts';
import { decodeCrop, eachStretch, paintMask } from '../mask/crop.ts';
import { masksOfLabels } from '../mask/label-map.ts';
import type { Bitmap, EncodedMask } from '../mask/rle.ts';
import { assertGrid } from '../mask/union.ts';
import { connectedComponents, type Grid } from './components.ts';

type Point = { x: number; y: number };
type Place = { shape: MaskShape; box: Box };

/** Pieces below this share of a mask are specks: they go with the largest piece rather than becoming objects. */
const SPECK_SHARE = 0.001;
const SPECK_PX = 4;
/** More pieces than a person would look through: the smallest beyond them go with the largest, too. */
const MAX_PIECES = 100;

/**
 * The parts of a mask that do not touch each other by their sides, the largest first. Together they are the mask.
 * @returns one part for a mask of one piece
 */
export function splitParts(shape: MaskShape, box: Box): EncodedMask[] {
  const crop = decodeCrop(shape, box);
  return encodePieces(connectedComponents(crop.data, crop).labels, new Set(), { shape, box });
}

/**
 * The pieces that a line cuts a mask into, the largest first. Together they are the mask: a pixel on the line goes to a
 * piece next to it. Parts that the line does not divide stay with the largest piece.
 * @param points of the line, in pixels of the grid
 * @returns one piece where the line divides nothing
 */
export function splitByLine(shape: MaskShape, box: Box, points: readonly Point[]): EncodedMask[] {
  const crop = decodeCrop(shape, box);
  const parts = connectedComponents(crop.data, crop).labels;
  const rest = crop.data.slice();
  // Its pixels touch each other by corners at least, which is enough to keep sides apart.
  for (const pixel of linePixels(points, box)) rest[pixel] = 0;
  const pieces = connectedComponents(rest, crop).labels;
  const whole = wholePieces(parts, pieces);
  growInto(pieces, crop);
  return encodePieces(pieces, whole, { shape, box });
}

/**
 * What a mask shares with another one, and what it has alone; the larger first.
 * @returns one piece where it shares nothing or all
 * @throws RangeError where the grids differ
 */
export function splitByMask(shape: MaskShape, other: MaskShape): EncodedMask[] {
  assertGrid(other, shape);
  const { gridWidth: widthPx, gridHeight: heightPx } = shape;
  const labels = new Uint8Array(widthPx * heightPx);
  paintMask(labels, shape, 1);
  eachStretch(other, (x, from, to) => {
    for (let at = from * widthPx + x; at < to * widthPx; at += widthPx) if (labels[at] === 1) labels[at] = 2;
  });
  return largestFirst({ data: labels, widthPx, heightPx });
}

/** Numbers of the pieces that still are a whole part. */
function wholePieces(parts: Int32Array, pieces: Int32Array): Set<number> {
  const piecesOf = new Map<number, Set<number>>();
  pieces.forEach((piece, pixel) => {
    const part = parts[pixel] ?? 0;
    if (piece !== 0) piecesOf.set(part, (piecesOf.get(part) ?? new Set()).add(piece));
  });
  return new Set([...piecesOf.values()].filter(({ size }) => size === 1).flatMap((one) => [...one]));
}

/** Every pixel of a line that is inside the box, by its position in the box. */
function linePixels(points: readonly Point[], box: Box): number[] {
  const pixels: number[] = [];
  for (const [index, to] of points.entries()) {
    const from = points[index - 1] ?? to;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(dx), Math.abs(dy))));
    for (let step = 0; step <= steps; step++) {
      const x = Math.floor(from.x + (dx * step) / steps) - box.x;
      const y = Math.floor(from.y + (dy * step) / steps) - box.y;
      if (x >= 0 && y >= 0 && x < box.width && y < box.height) pixels.push(y * box.width + x);
    }
  }
  return pixels;
}

/** Gives the mask's pixels without a piece to adjacent pieces, layer by layer. */
function growInto(pieces: Int32Array, { data, widthPx, heightPx }: Bitmap): void {
  let open: number[] = [];
  data.forEach((inside, pixel) => {
    if (inside && pieces[pixel] === 0) open.push(pixel);
  });
  for (let hasGrown = true; hasGrown && open.length > 0;) {
    const found = open.map((pixel) => pieceBeside(pieces, pixel, { widthPx, heightPx }));
    hasGrown = found.some((piece) => piece !== 0);
    open.forEach((pixel, index) => (pieces[pixel] = found[index] ?? 0));
    open = open.filter((pixel) => pieces[pixel] === 0);
  }
  // A part that the line does not touch: a separate piece, with a number that no other has.
  const fresh = pieces.reduce((most, piece) => Math.max(most, piece), 0) + 1;
  for (const pixel of open) pieces[pixel] = fresh;
}

function pieceBeside(pieces: Int32Array, pixel: number, { widthPx, heightPx }: Grid): number {
  const x = pixel % widthPx;
  const beside = [
    x > 0 ? pieces[pixel - 1] : 0,
    x < widthPx - 1 ? pieces[pixel + 1] : 0,
    pieces[pixel - widthPx] ?? 0,
    pixel + widthPx < widthPx * heightPx ? pieces[pixel + widthPx] : 0,
  ];
  return beside.find((piece) => piece !== undefined && piece !== 0) ?? 0;
}

/** @param joined pieces that stay with the largest of the others */
function encodePieces(pieces: Int32Array, joined: ReadonlySet<number>, { shape, box }: Place): EncodedMask[] {
  const areas = new Map<number, number>();
  for (const piece of pieces) if (piece !== 0) areas.set(piece, (areas.get(piece) ?? 0) + 1);
  const totalPx = [...areas.values()].reduce((sum, areaPx) => sum + areaPx, 0);
  const speckPx = Math.max(SPECK_PX, totalPx * SPECK_SHARE);
  const bySize = [...areas].filter(([piece]) => !joined.has(piece)).sort(([, a], [, b]) => b - a);
  const largest = bySize[0]?.[0] ?? 1;
  const kept = new Set(
    bySize.slice(0, MAX_PIECES).flatMap(([piece, areaPx]) => (areaPx >= speckPx ? [piece] : [])),
  );
  const { gridWidth: widthPx, gridHeight: heightPx } = shape;
  const labels = new Int32Array(widthPx * heightPx);
  pieces.forEach((piece, pixel) => {
    if (piece === 0) return;
    const [x, y] = [box.x + (pixel % box.width), box.y + Math.floor(pixel / box.width)];
    labels[y * widthPx + x] = kept.has(piece) ? piece : largest;
  });
  return largestFirst({ data: labels, widthPx, heightPx });
}

function largestFirst(labels: Parameters<typeof masksOfLabels>[0]): EncodedMask[] {
  const masks = masksOfLabels(labels);
  masks.delete(0);
  return [...masks.values()].sort((a, b) => b.areaPx - a.areaPx);
}
