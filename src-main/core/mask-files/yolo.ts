import { openCvPolygonMask } from '../mask/fill-opencv.ts';
import type { EncodedMask } from '../mask/rle.ts';
import type { GridSize } from './image-grid.ts';
import type { FileMask, MaskFileContext, MaskRecord } from './mask-record.ts';
import { outlineOf } from './outline.ts';
import { rowsOf, type ScorePlace } from './score-place.ts';
import { NO_PIXEL } from './shapes.ts';
import { keypointsIn, noMaskOfPose, type KeypointShape } from './yolo-pose.ts';

/** Ultralytics refuses a label file with a larger share. */
const MAX_SHARE = 1.01;
/** Shares of a few digits say no more than which pixel is nearest. */
const MAX_LOST_PX = 0.5;
const UNCLEAR_SCORE =
  'It has an odd number of values, and the files do not show whether the score is the first or the last: write it behind the coordinates, or not at all.';

export type YoloFile = {
  imageName: string;
  classNames: ReadonlyMap<string, string>;
  /** Of all files of the folder. */
  scorePlace: ScorePlace;
  /** That data.yaml gives, if the dataset is one of poses. */
  keypoints: KeypointShape | null;
};

/**
 * The masks of a label file of Ultralytics: one polygon a row, in shares of the image's width and height, filled as
 * Ultralytics fills it, which computes with 32 bits and cuts fractions off; only digits that are lost are made up for. Each row that is no polygon is a problem
 * that names it.
 * Source: ultralytics, data/utils.py, `verify_image_label` and `polygon2mask`.
 * @param text content of the whole file
 */
export function* readYolo(text: string, file: YoloFile, context: MaskFileContext): Generator<MaskRecord> {
  const { imageName, classNames } = file;
  const grid = context.gridOf(imageName, null);
  const masks: FileMask[] = [];
  let skipped = 0;
  for (const [index, [first, ...fields]] of rowsOf(text).entries()) {
    if (!first) continue;
    // Some tools write whole numbers as 0.0.
    const classNumber = /^\d+(\.0*)?$/.test(first) ? String(Number(first)) : first;
    const mask = typeof grid === 'string' ? grid : maskOfRow(fields, grid, file);
    if (typeof mask === 'string') {
      skipped++;
      yield { kind: 'problem', name: `${context.name}: row ${index + 1} of ${imageName}`, detail: mask };
      continue;
    }
    const className = classNames.get(classNumber);
    if (className === undefined) {
      const detail = `The list of classes has no number ${classNumber}, so that is the class of its masks.`;
      yield { kind: 'note', name: context.name, detail };
    }
    masks.push({ ...mask, className: className ?? classNumber, isPart: true });
  }
  if (typeof grid === 'string') return;
  yield { kind: 'masks', imageName, ...grid, masks, ignored: null, skipped };
}

/** The mask of a row, or one sentence about why it is none. @param fields what follows the class */
function maskOfRow(
  fields: readonly string[],
  grid: GridSize,
  { scorePlace, keypoints }: YoloFile,
): (EncodedMask & { score: number | null }) | string {
  if (fields.length === 4 || fields.length === 5) return 'It has only a box: boxes are not imported.';
  const pose = keypointsIn(fields, keypoints);
  if (pose) return noMaskOfPose(pose);
  const isScored = fields.length % 2 === 1;
  const isFirst = scorePlace === 'first';
  const score = isScored ? numberOf(isFirst ? fields[0] : fields.at(-1)) : null;
  const shares = !isScored ? fields : isFirst ? fields.slice(1) : fields.slice(0, -1);
  if (shares.length < 6) return 'It has fewer than three points.';
  const odd = shares.map(numberOf).find((share) => !(share >= 1 - MAX_SHARE && share <= MAX_SHARE));
  if (odd !== undefined) return `One of its coordinates is ${odd}, not a share of the image from 0 to 1.`;
  if (score !== null && !(score >= 0 && score <= 1)) return 'It has an odd number of coordinates.';
  if (isScored && scorePlace === 'unknown') return UNCLEAR_SCORE;
  const sizes = [grid.widthPx, grid.heightPx];
  const outline = outlineOf(
    shares.map((share, at) => pixelOf(share, sizes[at % 2] ?? 0) + 0.5),
    grid,
  );
  if (typeof outline === 'string') return `It cannot be filled: ${outline}.`;
  const mask = openCvPolygonMask(outline, grid);
  return mask ? { ...mask, score } : NO_PIXEL;
}

/**
 * The pixel of a share. Pixels that were whole before they were written as shares are found again: what the last digit
 * may have lost is added.
 */
function pixelOf(share: string, sizePx: number): number {
  const digits = /\.(\d+)$/.exec(share)?.[1]?.length;
  const lost = digits === undefined ? 0 : (sizePx * 10 ** -digits) / 2;
  return Math.trunc(Math.fround(Math.fround(Number(share)) * sizePx) + Math.min(lost, MAX_LOST_PX));
}

/** NaN for what is no number. */
const numberOf = (field: string | undefined) => (field === undefined || field === '' ? NaN : Number(field));
