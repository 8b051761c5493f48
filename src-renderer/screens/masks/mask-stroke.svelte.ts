import type { MaskId } from '../../../src-main/contract/ids.ts';
import { brushStroke, type Point } from '../../canvas/brush.ts';
import type { ColumnBitmap } from '../../canvas/column-bitmap.ts';

/** A mask as the brush leaves it; without an id where the stroke makes one. */
export type Draft = { id: MaskId | null; bitmap: ColumnBitmap };
export type Brush = { radius: number; value: 0 | 1 };

/** Points of a cut that are nearer to each other are one. */
const CUT_STEP_PX = 1;
const MAX_CUT_POINTS = 2_000;

/** What the pointer is drawing: a stroke of the brush, or a line to cut along. Places are in pixels of the grid. */
export class MaskStroke {
  #draft = $state.raw<Draft>();
  #version = $state(0);
  #cut = $state.raw<readonly Point[]>([]);
  #last: Point | undefined;

  /** The mask under the brush; `version` grows with every move of it. */
  get draft(): (Draft & { version: number }) | undefined {
    return this.#draft && { ...this.#draft, version: this.#version };
  }

  get cut(): readonly Point[] {
    return this.#cut;
  }

  get isUnderWay(): boolean {
    return this.#draft !== undefined || this.#cut.length > 0;
  }

  startCut(at: Point): void {
    this.#last = at;
    this.#cut = [at];
  }

  startPaint(at: Point, draft: Draft, brush: Brush): void {
    this.#last = at;
    this.#draft = draft;
    this.#paint(at, at, brush);
  }

  dragTo(at: Point, brush: Brush): void {
    const from = this.#last ?? at;
    if (this.#draft) this.#paint(from, at, brush);
    if (this.#cut.length > 0 && Math.hypot(at.x - from.x, at.y - from.y) < CUT_STEP_PX) return;
    if (this.#cut.length > 0 && this.#cut.length < MAX_CUT_POINTS) this.#cut = [...this.#cut, at];
    this.#last = at;
  }

  /** Ends it. The draft stays on the screen until it is dropped: what is sent shows meanwhile. */
  release(): { draft: Draft | undefined; cut: readonly Point[] } {
    const ended = { draft: this.#draft, cut: this.#cut };
    this.#last = undefined;
    this.#cut = [];
    return ended;
  }

  /** Drops it, unless another stroke has been started since. */
  dropDraft(draft: Draft): void {
    if (this.#draft === draft) this.#draft = undefined;
  }

  drop(): void {
    this.#draft = undefined;
    this.#cut = [];
  }

  #paint(from: Point, to: Point, { radius, value }: Brush): void {
    if (!this.#draft) return;
    brushStroke(this.#draft.bitmap, { from, to, radius, value });
    this.#version++;
  }
}
