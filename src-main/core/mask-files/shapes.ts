import { cocoPolygonMask } from '../mask/fill-polygon.ts';
import type { EncodedMask } from '../mask/rle.ts';
import type { GridSize } from './image-grid.ts';
import { outlineOf } from './outline.ts';

/** Why a shape is no mask of its image. */
export const NO_PIXEL = 'It covers no pixel of the image.';

/**
 * The mask of a polygon: the pixels whose middle it holds, as the COCO API fills it.
 * @param numbers x and y in turns, in pixels
 * @returns one sentence if it is none
 */
export function polygonMask(numbers: readonly unknown[], grid: GridSize): EncodedMask | string {
  const outline = outlineOf(numbers, grid);
  if (typeof outline === 'string') return `It cannot be filled: ${outline}.`;
  return cocoPolygonMask(outline, grid) ?? NO_PIXEL;
}

/** A rectangle whose sides have the length `width` and `height`, in pixels; `rotation` in degrees, clockwise. */
export type Rectangle = { x: number; y: number; width: number; height: number; rotation: number };

/**
 * The mask of a rectangle.
 * @param turnedAround whether its middle or its upper left corner stays in its place
 */
export function rectangleMask(
  { x, y, width, height, rotation }: Rectangle,
  grid: GridSize,
  turnedAround: 'middle' | 'corner' = 'middle',
): EncodedMask | string {
  const pivot = turnedAround === 'middle' ? { x: x + width / 2, y: y + height / 2 } : { x, y };
  const corners = [x, y, x + width, y, x + width, y + height, x, y + height];
  return polygonMask(turned(corners, pivot, rotation), grid);
}

/** An ellipse around a middle, in pixels; `rotation` in degrees, clockwise. */
export type Ellipse = { x: number; y: number; radiusX: number; radiusY: number; rotation: number };

/** Corners of the polygon that stands for an ellipse: its sides are then below a pixel for radii up to 100. */
const ELLIPSE_CORNERS = 720;

/** The mask of an ellipse: the pixels whose middle it holds. */
export function ellipseMask(ellipse: Ellipse, grid: GridSize): EncodedMask | string {
  const { x, y, radiusX, radiusY, rotation } = ellipse;
  const outline = Array.from({ length: ELLIPSE_CORNERS }, (_, index) => {
    const angle = (index * 2 * Math.PI) / ELLIPSE_CORNERS;
    return [x + radiusX * Math.cos(angle), y + radiusY * Math.sin(angle)];
  });
  return polygonMask(turned(outline.flat(), { x, y }, rotation), grid);
}

function turned(polygon: readonly number[], pivot: { x: number; y: number }, degrees: number): number[] {
  if (degrees === 0) return [...polygon];
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return polygon.map((value, at) => {
    const isX = at % 2 === 0;
    const dx = (isX ? value : (polygon[at - 1] ?? 0)) - pivot.x;
    const dy = (isX ? (polygon[at + 1] ?? 0) : value) - pivot.y;
    return isX ? pivot.x + dx * cos - dy * sin : pivot.y + dx * sin + dy * cos;
  });
}
