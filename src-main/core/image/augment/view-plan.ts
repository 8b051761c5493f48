import { drawCrop, type Crop, type ImageSize } from './crop-box.ts';

/** One operation of the colour jitter: a factor, or for the hue a share of a full turn. */
export type JitterStep = { op: 'brightness' | 'contrast' | 'saturation' | 'hue'; amount: number };

/** Everything that chance decides about a view. */
export type ViewPlan = {
  crop: Crop;
  isFlipped: boolean;
  /** In the order of application; empty for none. */
  jitter: readonly JitterStep[];
  isGray: boolean;
  /** Null for no blur. */
  blurSigma: number | null;
  isSolarized: boolean;
};

/** `official` flips every view, as the shipped code does by a slip (SPEC Q1). */
export type FlipRule = 'half' | 'official';

/** The two views differ in how often they are blurred and solarized. SPEC section 1, steps 3c and 3d. */
const BLUR_SHARE = [1, 0.1] as const;
const SOLARIZE_SHARE = [0, 0.2] as const;

const JITTER_SHARE = 0.8;
const GRAY_SHARE = 0.2;
const JITTER_RANGE = { brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 } as const;

/**
 * Draws both views of an image: SPEC section 1, steps 1 to 3. The crops are independent.
 * @param draw uniform numbers in [0, 1)
 */
export function drawViewPlans(
  draw: () => number,
  size: ImageSize,
  flips: FlipRule = 'half',
): readonly [ViewPlan, ViewPlan] {
  return [drawViewPlan(draw, size, { view: 0, flips }), drawViewPlan(draw, size, { view: 1, flips })];
}

function drawViewPlan(
  draw: () => number,
  size: ImageSize,
  { view, flips }: { view: 0 | 1; flips: FlipRule },
): ViewPlan {
  const crop = drawCrop(draw, size);
  const isFlipped = draw() < 0.5 || flips === 'official';
  const jitter = draw() < JITTER_SHARE ? drawJitter(draw) : [];
  const isGray = draw() < GRAY_SHARE;
  const blurSigma = draw() < BLUR_SHARE[view] ? between(draw, 0.1, 2) : null;
  return { crop, isFlipped, jitter, isGray, blurSigma, isSolarized: draw() < SOLARIZE_SHARE[view] };
}

function drawJitter(draw: () => number): JitterStep[] {
  const { brightness, contrast, saturation, hue } = JITTER_RANGE;
  const steps: JitterStep[] = [
    { op: 'brightness', amount: between(draw, 1 - brightness, 1 + brightness) },
    { op: 'contrast', amount: between(draw, 1 - contrast, 1 + contrast) },
    { op: 'saturation', amount: between(draw, 1 - saturation, 1 + saturation) },
    { op: 'hue', amount: between(draw, -hue, hue) },
  ];
  return steps
    .map((step) => ({ step, rank: draw() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ step }) => step);
}

function between(draw: () => number, low: number, high: number): number {
  return low + (high - low) * draw();
}
