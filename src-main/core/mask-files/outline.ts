import { clipPolygon } from '../mask/clip-polygon.ts';
import type { Polygon } from '../mask/polygon.ts';
import type { GridSize } from './image-grid.ts';
import { numberIn } from './number-in.ts';

/** Beyond every image: what lies farther away is a mistake, not an object that reaches out of the picture. */
const MAX_COORDINATE_PX = 1e9;
const MAX_NUMBERS = 2_000_000;
/** Memory and time of filling follow the length of an outline: 10 million pixels take 160 MB. */
const MAX_OUTLINE_PX = 10_000_000;

/**
 * The outline of a shape out of a file, clipped to the surroundings of its image.
 * @param given x and y in turns, in pixels, as numbers or as texts of numbers
 * @returns the polygon, or what is wrong with it, as in "it has ..."
 */
export function outlineOf(given: readonly unknown[], grid: GridSize): Polygon | string {
  const numbers = given.map((value) => {
    const number = numberIn(value);
    return Number.isNaN(number) ? value : number;
  });
  if (numbers.length % 2 === 1) return `it has ${numbers.length} numbers, so one point lacks its second`;
  if (numbers.length < 6) return 'it has fewer than three points';
  if (numbers.length > MAX_NUMBERS) return `it has more than ${MAX_NUMBERS / 2} points`;
  const odd = oddCoordinate(numbers);
  if (odd !== undefined) return odd;
  // Checked above: each is a number.
  const polygon = clipPolygon(numbers as Polygon, grid);
  const lengthPx = lengthOf(polygon);
  return lengthPx > MAX_OUTLINE_PX ? `its outline is ${Math.round(lengthPx)} pixels long` : polygon;
}

/** What is wrong with a coordinate, as in "one of its coordinates is ..."; undefined if all are numbers that may be. */
export function oddCoordinate(numbers: readonly unknown[]): string | undefined {
  const at = numbers.findIndex(
    (value) => typeof value !== 'number' || !(Math.abs(value) <= MAX_COORDINATE_PX),
  );
  return at < 0 ? undefined : `one of its coordinates is ${shown(numbers[at])}`;
}

/** Steps along the outline, pixel by pixel. */
function lengthOf(polygon: Polygon): number {
  let sum = 0;
  for (let at = 0; at < polygon.length; at += 2) {
    const next = (at + 2) % polygon.length;
    const width = Math.abs((polygon[next] ?? 0) - (polygon[at] ?? 0));
    sum += Math.max(width, Math.abs((polygon[next + 1] ?? 0) - (polygon[at + 1] ?? 0)));
  }
  return sum;
}

function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : 'not a number';
}
