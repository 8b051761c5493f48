import { renderViews, type Views, type ViewTargets } from '../image/augment/render-views.ts';
import type { Pixels } from '../image/augment/resize-bicubic.ts';
import { drawViewPlans, type FlipRule } from '../image/augment/view-plan.ts';
import { drawsFor } from '../tensor/random.ts';

export type ViewRequest = {
  pixels: Pixels;
  /** Side of the views; 224 in the paper. */
  sizePx: number;
  seed: number;
  step: number;
  /** Position of the image in the batch of the step. */
  index: number;
  parity?: FlipRule;
  into?: ViewTargets;
  /** See `renderViews`. */
  spanning?: Uint8Array;
};

/**
 * Both augmented views of an image and its spanning view: SPEC section 1. A pure function: the same request gives
 * the same bits, in any order and on any machine.
 */
export function makeViews({ pixels, seed, step, index, parity, ...options }: ViewRequest): Views {
  const plans = drawViewPlans(drawsFor({ seed, step, stream: 'views', index }), pixels, parity);
  return renderViews(pixels, plans, options);
}
