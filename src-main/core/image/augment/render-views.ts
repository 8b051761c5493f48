import { gaussianBlur } from './gaussian-blur.ts';
import { shiftHue } from './hue.ts';
import { normalisedValues, normalisePixels } from './normalise.ts';
import { resizeCrop, squashed, type Pixels } from './resize-bicubic.ts';
import { adjustBrightness, adjustContrast, adjustSaturation, solarize, toGrayscale } from './tone.ts';
import type { JitterStep, ViewPlan } from './view-plan.ts';

/** Columns of the box table. */
const BOX = 5;

/** What a step reads of one image; all views are [sizePx, sizePx, 3] float32, normalised. */
export type Views = {
  view1: Float32Array;
  view2: Float32Array;
  /** The spanning view: the whole image, squashed to a square. */
  raw: Float32Array;
  /** [3, 5] float32: y1, x1, y2, x2 as fractions of the image, then 1 for flipped; rows view1, view2, raw. */
  boxes: Float32Array;
};

/** The parts of a batch that one image fills, so that its views are written where the step reads them. */
export type ViewTargets = Pick<Views, 'view1' | 'view2' | 'raw'>;

/**
 * Views of an image according to their plans: SPEC section 1, steps 3 to 5.
 * @param into written and returned; made when absent
 */
export function renderViews(
  image: Pixels,
  [plan1, plan2]: readonly [ViewPlan, ViewPlan],
  options: {
    sizePx: number;
    into?: ViewTargets;
    /** What `squashed` gives for the image, where it is at hand. */
    spanning?: Uint8Array;
  },
): Views {
  const { sizePx, into = emptyViews(sizePx), spanning = squashed(image, sizePx) } = options;
  const table = normalisedValues();
  normalisePixels(renderView(image, plan1, sizePx), table, into.view1);
  normalisePixels(renderView(image, plan2, sizePx), table, into.view2);
  normalisePixels(spanning, table, into.raw);
  const boxes = new Float32Array(3 * BOX);
  boxes.set(boxOf(plan1, image));
  boxes.set(boxOf(plan2, image), BOX);
  boxes.set([0, 0, 1, 1, 0], 2 * BOX);
  return { ...into, boxes };
}

/**
 * One view before it is normalised.
 * @returns [sizePx, sizePx, 3] uint8
 */
export function renderView(image: Pixels, plan: ViewPlan, sizePx: number): Uint8Array {
  const pixels = resizeCrop(image, { crop: plan.crop, sizePx, isFlipped: plan.isFlipped });
  for (const step of plan.jitter) applyJitter(pixels, step);
  if (plan.isGray) toGrayscale(pixels);
  if (plan.blurSigma !== null) gaussianBlur(pixels, sizePx, plan.blurSigma);
  if (plan.isSolarized) solarize(pixels);
  return pixels;
}

/** Applies one operation in place. */
export function applyJitter(pixels: Uint8Array, { op, amount }: JitterStep): void {
  const adjust = {
    brightness: adjustBrightness,
    contrast: adjustContrast,
    saturation: adjustSaturation,
    hue: shiftHue,
  };
  adjust[op](pixels, amount);
}

function boxOf({ crop, isFlipped }: ViewPlan, { widthPx, heightPx }: Pixels): number[] {
  const { topPx, leftPx } = crop;
  return [
    topPx / heightPx,
    leftPx / widthPx,
    (topPx + crop.heightPx) / heightPx,
    (leftPx + crop.widthPx) / widthPx,
    isFlipped ? 1 : 0,
  ];
}

function emptyViews(sizePx: number): ViewTargets {
  const length = sizePx * sizePx * 3;
  return { view1: new Float32Array(length), view2: new Float32Array(length), raw: new Float32Array(length) };
}
