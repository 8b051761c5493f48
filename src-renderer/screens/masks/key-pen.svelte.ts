import type { Point } from '../../canvas/brush.ts';
import type { ZoomView } from '../../canvas/zoom-view.svelte.ts';
import type { MaskEditor } from './mask-editor.svelte.ts';

/** How far a key moves the pen, in pixels of the screen: zooming in makes it exact. */
const STEP_PX = 8;

/** The pen of a hand on the keyboard: keys move it, and while it is down it draws with the tool in use. */
export class KeyPen {
  readonly #editor: MaskEditor;
  readonly #zoom: () => Pick<ZoomView, 'scale' | 'middle'> | undefined;
  #place = $state.raw<Point>();
  #isDown = false;

  constructor(editor: MaskEditor, zoom: () => Pick<ZoomView, 'scale' | 'middle'> | undefined) {
    this.#editor = editor;
    this.#zoom = zoom;
  }

  /** In pixels of the grid; undefined while a pointer draws, or nothing does. */
  get place(): Point | undefined {
    return this.#editor.tool === 'select' ? undefined : this.#place;
  }

  /** Moves it by steps; it appears in the middle of what is seen. */
  move(right: number, down: number): void {
    const zoom = this.#zoom();
    if (!zoom || this.#editor.tool === 'select') return;
    const { width, height } = this.#editor.grid;
    const { x, y } = this.#place ?? zoom.middle;
    const step = STEP_PX / zoom.scale;
    this.#place = { x: within(x + right * step, width), y: within(y + down * step, height) };
    if (this.#isDown && this.#isDrawing) this.#editor.dragTo(this.#place);
  }

  /** Puts it down, or lifts it: that ends the stroke. @param isInside what a click says of the place */
  press(isInside = true): void {
    const zoom = this.#zoom();
    if (!zoom || this.#editor.tool === 'select') return;
    const place = (this.#place ??= zoom.middle);
    if (!this.#isDrawing) {
      this.#editor.pressAt(place, { isInside, isStroke: !isInside }, zoom.scale);
      this.#isDown = true;
    } else if (this.#isDown) {
      this.#isDown = false;
      void this.#editor.release(zoom.scale);
    }
  }

  /** A pointer takes over. */
  leave(): void {
    if (!this.#isDown || !this.#isDrawing) this.#place = undefined;
  }

  /** Not while what was drawn is still being saved. */
  get #isDrawing(): boolean {
    const { draft, cut, click, outline } = this.#editor;
    return draft !== undefined || cut.length > 0 || click.isUnderWay || outline.isUnderWay;
  }
}

const within = (value: number, size: number): number => Math.min(size - 0.5, Math.max(0.5, value));
