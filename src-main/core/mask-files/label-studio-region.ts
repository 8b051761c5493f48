import { z } from 'zod';
import { readPngSize } from '../mask/decode-png.ts';
import { decodeLabelStudioRle } from '../mask/label-studio-rle.ts';
import { encodeRle, type EncodedMask } from '../mask/rle.ts';
import type { GridSize } from './image-grid.ts';
import { numberIn } from './number-in.ts';
import { readBinaryPng } from './png-masks.ts';
import { ellipseMask, NO_PIXEL, polygonMask, rectangleMask } from './shapes.ts';

type Value = Readonly<Record<string, unknown>>;

/** Whether a region is a shape with an area; others are points, choices, relations and the like. */
export function hasArea(value: Value): boolean {
  const isBox = 'width' in value && 'height' in value;
  if (typeof value.imageDataURL === 'string' || (Array.isArray(value.vertices) && value.closed === true))
    return true;
  return Array.isArray(value.rle) || Array.isArray(value.points) || 'radiusX' in value || isBox;
}

/**
 * The mask of a region of Label Studio, or one sentence about why it is none. Places and lengths are in per cent of the
 * image's width and height; angles are in degrees, clockwise, of rectangles around their upper left corner.
 * @param value of a region with an area
 */
export function regionMask(value: Value, grid: GridSize): EncodedMask | string {
  const { rle, points } = value;
  const x = pixels(value.x, grid.widthPx);
  const y = pixels(value.y, grid.heightPx);
  const rotation = value.rotation === undefined ? 0 : numberIn(value.rotation);
  if (Array.isArray(rle)) return brushMask(rle, grid);
  if (typeof value.imageDataURL === 'string') return bitmask(value.imageDataURL, grid);
  if (Array.isArray(value.vertices)) return vectorMask(value.vertices, grid);
  if (Array.isArray(points)) return polygonMask(pointsOf(points, grid), grid);
  if ('radiusX' in value) {
    const radiusX = pixels(value.radiusX, grid.widthPx);
    const radiusY = pixels(value.radiusY, grid.heightPx);
    return ellipseMask({ x, y, radiusX, radiusY, rotation }, grid);
  }
  const width = pixels(value.width, grid.widthPx);
  const height = pixels(value.height, grid.heightPx);
  return rectangleMask({ x, y, width, height, rotation }, grid, 'corner');
}

function brushMask(rle: readonly unknown[], { widthPx, heightPx }: GridSize): EncodedMask | string {
  if (!rle.every((byte) => Number.isInteger(byte) && Number(byte) >= 0 && Number(byte) < 256)) {
    return 'Its mask cannot be read: it is not a list of bytes.';
  }
  try {
    const bitmap = decodeLabelStudioRle(Uint8Array.from(rle as number[]), widthPx, heightPx);
    return encodeRle(bitmap) ?? NO_PIXEL;
  } catch (error) {
    if (error instanceof RangeError) return `Its mask cannot be read: ${error.message}.`;
    throw error;
  }
}

/** A bitmask is a PNG of the image's size, in which the pixels of the object are opaque. */
function bitmask(address: string, grid: GridSize): EncodedMask | string {
  const base64 = PNG_ADDRESS.exec(address)?.[1];
  if (base64 === undefined) return 'Its mask cannot be read: it is not a PNG in a data address.';
  const bytes = Buffer.from(base64, 'base64');
  const size = readPngSize(bytes);
  if (!size) return 'Its mask cannot be read: it is not a readable PNG.';
  if (size.widthPx !== grid.widthPx || size.heightPx !== grid.heightPx) {
    return `Its mask is ${size.widthPx} x ${size.heightPx}, its image ${grid.widthPx} x ${grid.heightPx}.`;
  }
  const record = readBinaryPng(bytes, { name: '', imageName: '', gridOf: () => grid });
  if (record.kind === 'problem') return `Its mask cannot be read: ${record.detail}`;
  return record.masks[0] ?? NO_PIXEL;
}

const PNG_ADDRESS = /^data(?:-url)?:image\/png;(?:base64,)?\s*([A-Za-z0-9+/=\s]+)$/;

/** A closed vector is a polygon, if all of its sides are straight and it has one path. */
function vectorMask(vertices: readonly unknown[], grid: GridSize): EncodedMask | string {
  const points = vertices.map((vertex) => Vertex.safeParse(vertex).data);
  if (points.some((point) => point?.isBezier === true))
    return 'Its outline has curves, which are not imported.';
  if (points.some((point) => point?.isBranching === true || point?.disconnected === true))
    return 'Its outline has several paths, which are not imported.';
  return polygonMask(
    points.flatMap((point) => [pixels(point?.x, grid.widthPx), pixels(point?.y, grid.heightPx)]),
    grid,
  );
}

const Vertex = z.object({
  x: z.unknown(),
  y: z.unknown(),
  isBezier: z.boolean().nullish().catch(null),
  isBranching: z.boolean().nullish().catch(null),
  disconnected: z.boolean().nullish().catch(null),
});

function pointsOf(points: readonly unknown[], { widthPx, heightPx }: GridSize): number[] {
  return points.flat().map((value, at) => pixels(value, at % 2 === 0 ? widthPx : heightPx));
}

const pixels = (percent: unknown, sizePx: number) => (numberIn(percent) * sizePx) / 100;
