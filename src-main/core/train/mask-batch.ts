import type { MaskLesson } from '../../domain/mask-lesson.ts';
import { drawCrop, type Crop } from '../image/augment/crop-box.ts';
import { normalisedValues, normalisePixels } from '../image/augment/normalise.ts';
import { resizeCrop } from '../image/augment/resize-bicubic.ts';
import { adjustBrightness, adjustContrast, adjustSaturation } from '../image/augment/tone.ts';
import { drawsFor, type Draw } from '../tensor/random.ts';
import { epochOrder } from './batch-order.ts';

/** What a step reads of its images. */
export type MaskBatch = {
  /** [batch, imagePx, imagePx, 3] float32, normalised. */
  images: Float32Array;
  /** [batch, cells, cells]: share of each cell that the mask holds. */
  targets: Float32Array;
};

export type MaskBatchSpec = {
  seed: number;
  batch: number;
  /** Side of a crop. */
  imagePx: number;
  /** Side of a cell of the targets, in pixels of the crop. */
  cellPx: number;
};

/** Share of a photo that a crop shows at least: enough to distinguish its foreground from the rest. */
const LEAST_AREA = 0.3;
/** How far brightness, contrast and saturation may go from 1. */
const JITTER = 0.3;

/**
 * The batch of a step: crops of photos, some mirrored, in changed colours, with their masks. A pure function: the same
 * step gives the same bits.
 * @param lessons at least one; a batch larger than the collection shows some twice
 */
export function maskBatchAt(lessons: readonly MaskLesson[], step: number, spec: MaskBatchSpec): MaskBatch {
  const { batch, imagePx, cellPx, seed } = spec;
  const cells = imagePx / cellPx;
  const images = new Float32Array(batch * imagePx * imagePx * 3);
  const targets = new Float32Array(batch * cells * cells);
  const table = normalisedValues();
  for (let index = 0; index < batch; index++) {
    const lesson = lessonAt(lessons, step * batch + index, seed);
    const draw = drawsFor({ seed, step, stream: 'masks', index });
    const crop = drawCrop(draw, lesson, LEAST_AREA);
    const isFlipped = draw() < 0.5;
    const pixels = resizeCrop({ ...lesson, data: lesson.pixels }, { crop, sizePx: imagePx, isFlipped });
    recolour(pixels, draw);
    const size = imagePx * imagePx * 3;
    normalisePixels(pixels, table, images.subarray(index * size, (index + 1) * size));
    const target = targets.subarray(index * cells * cells, (index + 1) * cells * cells);
    fillTarget(lesson, { crop, isFlipped, cells, cellPx }, target);
  }
  return { images, targets };
}

/** Every lesson once in the order of a pass, then again in another order. */
function lessonAt(lessons: readonly MaskLesson[], place: number, seed: number): MaskLesson {
  const imageCount = lessons.length;
  const order = epochOrder({ imageCount, seed }, Math.floor(place / imageCount) + 1);
  const lesson = lessons[order[place % imageCount] ?? 0];
  if (!lesson) throw new Error('a network learns from lessons');
  return lesson;
}

function recolour(pixels: Uint8Array, draw: Draw): void {
  const factor = () => 1 + JITTER * (2 * draw() - 1);
  adjustBrightness(pixels, factor());
  adjustContrast(pixels, factor());
  adjustSaturation(pixels, factor());
}

type TargetGrid = { crop: Crop; isFlipped: boolean; cells: number; cellPx: number };

/** [cells, cells]: the mask below a crop, sampled at the middles of the crop's pixels. */
function fillTarget(
  { mask, widthPx }: MaskLesson,
  { crop, isFlipped, cells, cellPx }: TargetGrid,
  target: Float32Array,
): void {
  const sizePx = cells * cellPx;
  const share = 1 / (cellPx * cellPx);
  for (let y = 0; y < sizePx; y++) {
    const row = crop.topPx + Math.floor(((y + 0.5) * crop.heightPx) / sizePx);
    for (let x = 0; x < sizePx; x++) {
      const across = isFlipped ? sizePx - 1 - x : x;
      const column = crop.leftPx + Math.floor(((across + 0.5) * crop.widthPx) / sizePx);
      if (mask[row * widthPx + column] !== 1) continue;
      const cell = Math.floor(y / cellPx) * cells + Math.floor(x / cellPx);
      target[cell] = (target[cell] ?? 0) + share;
    }
  }
}
