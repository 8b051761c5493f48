import { select } from 'd3-selection';
import { untrack } from 'svelte';
import { zoom, zoomIdentity, type ZoomBehavior, type ZoomTransform } from 'd3-zoom';

export type Size = { width: number; height: number };

/** One pixel of the picture on that many of the screen, at most. */
const MAX_SCALE = 32;
const STEP = 1.5;

/**
 * A picture that is zoomed and moved by wheel, pinch, drag and keys inside a viewport. It never leaves the viewport
 * and fits into it until the user zooms; then it keeps its scale when the viewport changes.
 */
export class ZoomView {
  readonly #size: Size;
  readonly #behaviour: ZoomBehavior<HTMLElement, unknown>;
  /** Whether dragging moves the picture; a tool may want the pointer for itself. The middle button always does. */
  isDraggable = true;
  #viewport: HTMLElement | undefined;
  /** What shows the same part of the same picture. */
  #twin: ZoomView | undefined;
  #isFollowing = false;
  #transform = $state.raw<ZoomTransform>(zoomIdentity);
  #fitScale = $state(1);

  readonly isFit = $derived.by(() => Math.abs(this.#transform.k - this.#fitScale) < 1e-4);

  /** @param size of the picture in its own pixels */
  constructor(size: Size) {
    this.#size = size;
    this.#behaviour = zoom<HTMLElement, unknown>()
      .translateExtent([
        [0, 0],
        [size.width, size.height],
      ])
      // The middle button drags too; the right one is the menu's.
      .filter((event: MouseEvent) => {
        const isWheel = event.type === 'wheel';
        return event.button !== 2 && (isWheel || event.button === 1 || this.isDraggable);
      })
      .on('zoom', (event: { transform: ZoomTransform }) => {
        this.#transform = event.transform;
        const twin = this.#twin;
        if (twin && !this.#isFollowing) twin.#follow(event.transform);
      });
  }

  get transform(): ZoomTransform {
    return this.#transform;
  }

  /** Screen pixels a pixel of the picture. */
  get scale(): number {
    return this.#transform.k;
  }

  /** A place of the viewport, in pixels of the picture. */
  toPicture(place: { x: number; y: number }): { x: number; y: number } {
    const [x, y] = this.#transform.invert([place.x, place.y]);
    return { x, y };
  }

  /** A place of the picture, in pixels of the viewport. */
  toScreen(place: { x: number; y: number }): { x: number; y: number } {
    const [x, y] = this.#transform.apply([place.x, place.y]);
    return { x, y };
  }

  /** What is at the centre of the viewport, in pixels of the picture. */
  get middle(): { x: number; y: number } {
    const { clientWidth = 0, clientHeight = 0 } = this.#viewport ?? {};
    return this.toPicture({ x: clientWidth / 2, y: clientHeight / 2 });
  }

  /** An attachment for the viewport. */
  readonly attach = (viewport: HTMLElement): (() => void) => {
    this.#viewport = viewport;
    const selection = select(viewport);
    selection.call(this.#behaviour).on('dblclick.zoom', null);
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(viewport);
    this.#resize(true);
    return () => {
      observer.disconnect();
      selection.on('.zoom', null);
      this.#viewport = undefined;
    };
  };

  /** Keeps this and another view of a picture of the same size at the same place from now on. @returns how to stop */
  link(other: ZoomView): () => void {
    [this.#twin, other.#twin] = [other, this];
    // Read once: an effect that links them is not to do so again for each move.
    this.#follow(untrack(() => other.#transform));
    return () => {
      [this.#twin, other.#twin] = [undefined, undefined];
    };
  }

  fit(): void {
    this.#scaleTo(this.#fitScale);
  }

  /** One pixel of the picture on one of the screen. */
  actualSize(): void {
    this.#scaleTo(1);
  }

  toggle(): void {
    if (this.isFit) this.actualSize();
    else this.fit();
  }

  zoomIn(): void {
    this.#scaleTo(this.scale * STEP);
  }

  zoomOut(): void {
    this.#scaleTo(this.scale / STEP);
  }

  #follow(transform: ZoomTransform): void {
    if (!this.#viewport) return;
    this.#isFollowing = true;
    this.#behaviour.transform(select(this.#viewport), transform);
    this.#isFollowing = false;
  }

  #scaleTo(scale: number): void {
    if (this.#viewport) this.#behaviour.scaleTo(select(this.#viewport), scale);
  }

  #resize(isFirst = false): void {
    const viewport = this.#viewport;
    if (!viewport || viewport.clientWidth === 0) return;
    const wasFit = isFirst || this.isFit;
    // A small picture fills the window too: whoever corrects a mask has to see its pixels.
    this.#fitScale = Math.min(
      viewport.clientWidth / this.#size.width,
      viewport.clientHeight / this.#size.height,
      MAX_SCALE,
    );
    this.#behaviour.scaleExtent([Math.min(this.#fitScale, 1), MAX_SCALE]);
    this.#scaleTo(wasFit ? this.#fitScale : this.scale);
  }
}
