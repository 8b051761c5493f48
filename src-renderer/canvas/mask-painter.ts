import { stretchesOf, type ColumnBitmap } from './column-bitmap.ts';
import {
  colourLabels,
  paintBitmap,
  paintStretches,
  screenLabels,
  type LabelStyle,
  type Placement,
  type ScreenLabels,
} from './mask-raster.ts';

/** What to draw: groups of masks in the order in which they are painted, each with a style. */
export type MaskScene = {
  at: Placement;
  /** Height of the grid. */
  gridHeight: number;
  things: readonly { shapes: readonly (string | ColumnBitmap)[]; style: LabelStyle }[];
};

/** Draws masks on a canvas and finds the one at a given place; see [Note: Screen labels]. */
export class MaskPainter {
  readonly #context: CanvasRenderingContext2D;
  #labels: ScreenLabels = screenLabels(0, 0);
  #image: ImageData | undefined;
  /** By run lengths: of the masks that were painted last. */
  #stretches = new Map<string, Int32Array>();

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (!context) throw new Error('this browser has no canvas');
    this.#context = context;
  }

  draw({ at, gridHeight, things }: MaskScene): void {
    const { width, height } = this.#context.canvas;
    if (width === 0 || height === 0) return;
    if (this.#labels.width !== width || this.#labels.height !== height || !this.#image) {
      this.#labels = screenLabels(width, height);
      this.#image = this.#context.createImageData(width, height);
    }
    this.#labels.data.fill(0);
    const used = new Map<string, Int32Array>();
    things.forEach(({ shapes }, index) => {
      for (const shape of shapes) {
        if (typeof shape !== 'string') {
          paintBitmap(this.#labels, at, shape, index + 1);
          continue;
        }
        const stretches = this.#stretches.get(shape) ?? stretchesOf(shape, gridHeight);
        used.set(shape, stretches);
        paintStretches(this.#labels, at, stretches, index + 1);
      }
    });
    this.#stretches = used;
    const words = new Uint32Array(this.#image.data.buffer);
    colourLabels(
      this.#labels,
      things.map(({ style }) => style),
      words,
    );
    this.#context.putImageData(this.#image, 0, 0);
  }

  /** Which of the groups is at a pixel of the canvas; -1 for none. */
  thingAt(x: number, y: number): number {
    const { data, width, height } = this.#labels;
    const [column, row] = [Math.floor(x), Math.floor(y)];
    if (column < 0 || row < 0 || column >= width || row >= height) return -1;
    return (data[column * height + row] ?? 0) - 1;
  }
}
