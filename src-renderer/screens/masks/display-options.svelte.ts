import { z } from 'zod';
import type { ViewMemory } from '../../state/view-memory.svelte.ts';

const OpacitySchema = z.number().min(0).max(1);
const MAX_BRUSH_PX = 500;
const BrushSchema = z.number().min(1).max(MAX_BRUSH_PX);
const OPACITY_KEY = 'masks.opacity';
const OUTLINE_KEY = 'masks.outlines';
const HEAT_KEY = 'masks.heat';
const BRUSH_KEY = 'masks.brush';
const DEFAULT_OPACITY = 0.4;
const DEFAULT_BRUSH_PX = 24;
const BRUSH_STEP = 1.25;

/** How masks are drawn, and how large the brush is: remembered for every image. */
export class DisplayOptions {
  readonly #memory: ViewMemory;
  /** Not remembered: whoever hides the masks wants to see the photo for a moment. */
  isShown = $state(true);

  constructor(memory: ViewMemory) {
    this.#memory = memory;
  }

  get opacity(): number {
    return this.#memory.read(OPACITY_KEY, OpacitySchema, DEFAULT_OPACITY);
  }

  set opacity(opacity: number) {
    this.#memory.remember(OPACITY_KEY, opacity);
  }

  get hasOutlines(): boolean {
    return this.#memory.read(OUTLINE_KEY, z.boolean(), true);
  }

  set hasOutlines(hasOutlines: boolean) {
    this.#memory.remember(OUTLINE_KEY, hasOutlines);
  }

  /** Whether the foreground head's probabilities are laid over the image. */
  get isHeat(): boolean {
    return this.#memory.read(HEAT_KEY, z.boolean(), false);
  }

  set isHeat(isHeat: boolean) {
    this.#memory.remember(HEAT_KEY, isHeat);
  }

  /** Diameter, in pixels of the grid. */
  get brushPx(): number {
    return this.#memory.read(BRUSH_KEY, BrushSchema, DEFAULT_BRUSH_PX);
  }

  set brushPx(px: number) {
    this.#memory.remember(BRUSH_KEY, Math.min(MAX_BRUSH_PX, Math.max(1, Math.round(px))));
  }

  resizeBrush(by: 1 | -1): void {
    const px = this.brushPx;
    this.brushPx = by > 0 ? Math.max(px + 1, px * BRUSH_STEP) : Math.min(px - 1, px / BRUSH_STEP);
  }
}
