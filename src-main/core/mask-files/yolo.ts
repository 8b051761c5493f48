import { openCvPolygonMask } from '../mask/fill-opencv.ts';
import type { EncodedMask } from '../mask/rle.ts';
import type { GridSize } from './image-grid.ts';
import type { FileMask, MaskFileContext, MaskRecord } from './mask-record.ts';
import { outlineOf } from './outline.ts';
import { NO_PIXEL } from './shapes.ts';

/** Ultralytics refuses a label file with a larger share. */
const MAX_SHARE = 1.01;

export type YoloFile = { imageName: string; classNames: ReadonlyMap<string, string> };

/**
 * The masks of a label file of Ultralytics: one polygon a row, in shares of the image's width and height, filled as
 * Ultralytics fills it, which computes with 32 bits and cuts fractions off. Each row that is no polygon is a problem
 * that names it.
 * Source: ultralytics, data/utils.py, `verify_image_label` and `polygon2mask`.
 * @param text content of the whole file
 */
export function* readYolo(text: string, file: YoloFile, context: MaskFileContext): Generator<MaskRecord> {
  const { imageName, classNames } = file;
  const grid = context.gridOf(imageName, null);
  const rows = text.replace(/^\ufeff/, '').split(/\r\n?|\n/);
  const masks: FileMask[] = [];
  let skipped = 0;
  for (const [index, row] of rows.entries()) {
    const [classNumber, ...fields] = row.trim().split(/\s+/);
    if (!classNumber) continue;
    const mask = typeof grid === 'string' ? grid : maskOfRow(fields.map(numberOf), grid);
    if (typeof mask === 'string') {
      skipped++;
      yield { kind: 'problem', name: `${context.name}: row ${index + 1} of ${imageName}`, detail: mask };
    } else masks.push({ ...mask, className: classNames.get(classNumber) ?? classNumber, isPart: true });
  }
  if (typeof grid === 'string') return;
  yield { kind: 'masks', imageName, ...grid, masks, ignored: null, skipped };
}

/** The mask of a row, or one sentence about why it is none. @param numbers what follows the class */
function maskOfRow(
  numbers: readonly number[],
  grid: GridSize,
): (EncodedMask & { score: number | null }) | string {
  if (numbers.length === 4 || numbers.length === 5) return 'It has only a box: boxes are not imported.';
  // A prediction has its score behind the polygon.
  const score = numbers.length % 2 === 1 ? (numbers.at(-1) ?? NaN) : null;
  const shares = score === null ? numbers : numbers.slice(0, -1);
  if (shares.length < 6) return 'It has fewer than three points.';
  const odd = shares.find((share) => !(share >= 1 - MAX_SHARE && share <= MAX_SHARE));
  if (odd !== undefined) return `One of its coordinates is ${odd}, not a share of the image from 0 to 1.`;
  if (score !== null && !(score >= 0 && score <= 1)) return 'It has an odd number of coordinates.';
  const sizes = [grid.widthPx, grid.heightPx];
  const pixels = shares.map((share, at) =>
    Math.trunc(Math.fround(Math.fround(share) * (sizes[at % 2] ?? 0))),
  );
  const outline = outlineOf(
    pixels.map((pixel) => pixel + 0.5),
    grid,
  );
  if (typeof outline === 'string') return `It cannot be filled: ${outline}.`;
  const mask = openCvPolygonMask(outline, grid);
  return mask ? { ...mask, score } : NO_PIXEL;
}

/** NaN for what is no number. */
const numberOf = (field: string) => (field === '' ? NaN : Number(field));
