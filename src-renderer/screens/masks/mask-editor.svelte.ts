import type { ConceptId, MaskId } from '../../../src-main/contract/ids.ts';
import { comparePainting, type StackMove } from '../../../src-main/contract/mask-stack.ts';
import type { Concept, ShapedMask } from '../../../src-main/contract/segmentation.ts';
import type { ImageEdit } from '../../../src-main/contract/mask-edit.ts';
import type { ReviewState } from '../../../src-main/contract/mask.ts';
import { everyPixelOf, type Point } from '../../canvas/brush.ts';
import { addMask, countsOf, emptyBitmap } from '../../canvas/column-bitmap.ts';
import { editShape, stepOf, type ShapeEdit } from '../../canvas/shape-edits.ts';
import type { ViewMemory } from '../../state/view-memory.svelte.ts';
import { ClickTool, type Said } from './click-tool.svelte.ts';
import { DisplayOptions } from './display-options.svelte.ts';
import type { ImageMasks } from './image-masks.svelte.ts';
import { MaskChoice } from './mask-choice.svelte.ts';
import { OutlineTool } from './outline-tool.svelte.ts';
import { MaskStroke, type Brush, type Draft } from './mask-stroke.svelte.ts';

export type Tool = 'select' | 'brush' | 'eraser' | 'cut' | 'points' | 'click';
/** Why something could not be done, or what is left to do: nothing is refused without a word. */
export type EditorHint =
  | 'brush'
  | 'eraser'
  | 'cut'
  | 'points'
  | 'select'
  | 'selectTwo'
  | 'noConcept'
  | 'locked'
  | 'unchanged'
  | 'inPlace'
  | 'tooThin';

/** One image that is being edited: its masks, the selection, and the active tool. */
export class MaskEditor {
  readonly masks: ImageMasks;
  readonly choice: MaskChoice;
  readonly display: DisplayOptions;
  readonly click: ClickTool;
  readonly outline = new OutlineTool();
  readonly #stroke = new MaskStroke();
  readonly #grid: () => { width: number; height: number };
  readonly #concepts: () => readonly Concept[];
  readonly #isOffline: () => boolean;
  readonly #onHint: (hint: EditorHint) => void;
  readonly #onReviewed: (ids: readonly MaskId[], review: ReviewState) => void;
  /** Whether the next stroke of the brush makes a new object. */
  #isNew = false;
  #lastConcept: ConceptId | null = null;

  tool = $state<Tool>('select');

  constructor(
    masks: ImageMasks,
    memory: ViewMemory,
    options: {
      /** Of the image, where it has no mask yet. */
      grid: () => { width: number; height: number };
      concepts: () => readonly Concept[];
      /** While it is, no stroke is started; one under way is kept. */
      isOffline?: () => boolean;
      onHint?: (hint: EditorHint) => void;
      /** What was asked for the selected masks has been done. */
      onReviewed?: (ids: readonly MaskId[], review: ReviewState) => void;
    },
  ) {
    this.masks = masks;
    this.choice = new MaskChoice(masks);
    this.display = new DisplayOptions(memory);
    this.click = new ClickTool((given, isNested) => masks.askClicks(given, isNested));
    this.#grid = options.grid;
    this.#concepts = options.concepts;
    this.#isOffline = options.isOffline ?? (() => false);
    this.#onHint = options.onHint ?? (() => undefined);
    this.#onReviewed = options.onReviewed ?? (() => undefined);
  }

  get grid(): { width: number; height: number } {
    const [first] = this.masks.all;
    return first ? { width: first.gridWidth, height: first.gridHeight } : this.#grid();
  }

  /** The mask under the brush; `version` grows with every move of it. */
  get draft(): MaskStroke['draft'] {
    return this.#stroke.draft;
  }

  /** The line that is being drawn to cut along. */
  get cut(): readonly Point[] {
    return this.#stroke.cut;
  }

  showLevel(index: number): void {
    this.choice.showLevel(index);
    this.click.drop();
    this.tool = 'select';
  }

  use(tool: Tool): void {
    if (!this.choice.isOfObjects) this.choice.showObjects();
    if (tool !== 'click') this.click.drop();
    else if (this.tool !== 'click' && !this.#isOffline()) void this.click.warmUp();
    this.tool = tool;
    this.#isNew = false;
  }

  /** Starts a new object: the next stroke of the brush draws it. */
  startNew(): void {
    this.use('brush');
    this.choice.selection.clear();
    this.#isNew = true;
  }

  async review(review: ReviewState): Promise<void> {
    const all = this.choice.objects.map(({ id }) => id);
    const ids = all.filter((id) => this.masks.find(id)?.review !== review);
    if (all.length === 0) this.#onHint('select');
    if (ids.length > 0 && !(await this.masks.review(ids, review))) return;
    if (all.length > 0) this.#onReviewed(all, review);
  }

  /** Accepts all objects that nobody has judged. @returns whether that went well */
  async acceptPending(): Promise<boolean> {
    const pending = this.masks.all.filter(({ level, review }) => level === 0 && review === 'pending');
    return (
      pending.length === 0 ||
      this.masks.review(
        pending.map(({ id }) => id),
        'accepted',
      )
    );
  }

  /** @param ids of the selected masks, unless others are meant */
  async setConcept(
    conceptId: ConceptId | null,
    ids: readonly MaskId[] = this.choice.objects.map(({ id }) => id),
  ): Promise<void> {
    if (ids.length === 0) this.#onHint('select');
    else this.#lastConcept = conceptId;
    if (ids.length > 0) await this.masks.setConcept(ids, conceptId);
  }

  async remove(): Promise<void> {
    const ids = this.choice.objects.map(({ id }) => id);
    if (ids.length === 0) {
      this.#onHint('select');
      return;
    }
    if (this.#isLocked()) return;
    this.choice.selection.clear();
    await this.masks.remove(ids);
  }

  /** Objects become one; regions are copied into a new object and stay unchanged. */
  async merge(): Promise<void> {
    const chosen = this.choice.selected.toSorted((a, b) => b.areaPx - a.areaPx);
    const [largest] = chosen;
    if (!largest) {
      this.#onHint(this.choice.isOfObjects ? 'selectTwo' : 'select');
      return;
    }
    if (!this.choice.isOfObjects) return this.#makeObject(chosen, largest.conceptId);
    if (chosen.length < 2) {
      this.#onHint('selectTwo');
      return;
    }
    if (this.#isLocked()) return;
    const select = this.choice.selection.awaitResult();
    if (await this.masks.merge(chosen.map(({ id }) => id))) select([largest.id]);
  }

  /** Two selected objects are split by each other; a single one into its parts. */
  async split(): Promise<void> {
    const [first, second] = this.choice.selected.toSorted((a, b) => b.areaPx - a.areaPx);
    if (!first || !this.choice.isOfObjects) {
      this.#onHint('select');
      return;
    }
    if (this.#isLocked()) return;
    const by = second ? ({ kind: 'mask', id: second.id } as const) : ({ kind: 'parts' } as const);
    await this.#select(this.masks.split(first.id, by));
  }

  /** Puts the selected objects in front of others that they overlap, or behind them. */
  async arrange(to: StackMove): Promise<void> {
    const ids = this.choice.objects.map(({ id }) => id);
    if (ids.length === 0) {
      this.#onHint('select');
      return;
    }
    const done = await this.masks.arrange(ids, to);
    if (done?.changed.length === 0) this.#onHint('inPlace');
  }

  /** Fills, smooths, grows or shrinks each selected object; every one is a separate step. */
  async changeShape(edit: ShapeEdit): Promise<void> {
    const { objects } = this.choice;
    if (objects.length === 0) this.#onHint('select');
    if (objects.length === 0 || this.#isLocked()) return;
    const steps: Promise<unknown>[] = [];
    let gone = 0;
    for (const { id, counts } of objects) {
      const bitmap = emptyBitmap(this.grid.width, this.grid.height);
      addMask(bitmap, counts);
      const edited = countsOf(editShape(bitmap, edit, stepOf(this.grid)));
      // What is thinner than a step stays: to delete is another command.
      if (edited === null) gone++;
      // All at once, from the shapes that are shown: a stroke that follows is the later one.
      else if (edited !== counts) steps.push(this.masks.reshape(id, edited));
    }
    if (steps.length === 0) this.#onHint(gone > 0 ? 'tooThin' : 'unchanged');
    await Promise.all(steps);
  }

  /** Makes the answer that is shown a mask like any other. @returns whether there was one */
  async keepAnswer(): Promise<boolean> {
    const counts = this.click.shown;
    if (this.tool !== 'click' || counts === undefined) return false;
    this.click.drop();
    await this.#create(counts);
    return true;
  }

  /** Undoes the last click or, without clicks, the last step. */
  async undo(): Promise<void> {
    if (this.click.takeBack()) return;
    await this.#select(this.masks.undo());
  }

  /** Undoes or redoes until a step of the image's history is the last one; null undoes all. */
  async goToStep(stepId: number | null): Promise<void> {
    this.click.drop();
    await this.#select(this.masks.goToStep(stepId));
  }

  async redo(): Promise<void> {
    await this.#select(this.masks.redo());
  }

  /**
   * @param at in pixels of the grid
   * @param said what a click says of the place; with points, that what is outside goes
   * @param scale pixels of the screen a pixel of the grid
   */
  pressAt(at: Point, said: Said = { isInside: true, isStroke: false }, scale = 1): void {
    if (this.#isOffline()) return;
    if (this.tool === 'click') this.click.press(at, said, this.display.brushPx / 2);
    if (this.tool === 'cut') this.#stroke.startCut(at);
    if (this.tool === 'points') this.#takePoint(at, { scale, isRemoving: !said.isInside });
    if (this.tool !== 'brush' && this.tool !== 'eraser') return;
    const makesNew = this.tool === 'brush' && (this.#isNew || !this.masks.all.some(isObject));
    const target = this.choice.selected[0] ?? (makesNew ? undefined : this.#selectMost([at]));
    if (!target && !makesNew) {
      this.#onHint(this.tool);
      return;
    }
    if (target && this.#isLocked()) return;
    const bitmap = emptyBitmap(this.grid.width, this.grid.height);
    if (target) addMask(bitmap, target.counts);
    this.#stroke.startPaint(at, { id: target?.id ?? null, bitmap }, this.#brush);
  }

  dragTo(at: Point): void {
    this.click.dragTo(at);
    this.outline.dragTo(at);
    this.#stroke.dragTo(at, this.#brush);
  }

  /** @param scale pixels of the screen a pixel of the grid */
  async release(scale = 1): Promise<void> {
    if (this.click.isUnderWay) return this.click.release(scale);
    if (this.outline.isUnderWay) return this.#keepOutline();
    const { draft, cut } = this.#stroke.release();
    if (draft) await this.#keep(draft);
    if (cut.length > 1) await this.#cutAlong(cut);
  }

  /** Drops a stroke, a cut or clicks; then the tool; then the selection. @returns whether there was any */
  cancel(): boolean {
    if (this.click.drop()) return true;
    if (this.outline.isUnderWay) {
      this.outline.drop();
      return true;
    }
    const had = this.#stroke.isUnderWay || this.tool !== 'select' || this.choice.selection.size > 0;
    if (this.#stroke.isUnderWay) this.#stroke.drop();
    else if (this.tool !== 'select') this.tool = 'select';
    else this.choice.selection.clear();
    return had;
  }

  get #brush(): Brush {
    return { radius: this.display.brushPx / 2, value: this.tool === 'eraser' ? 0 : 1 };
  }

  async #keep(draft: Draft): Promise<void> {
    const { id, bitmap } = draft;
    const counts = countsOf(bitmap);
    const before = id === null ? undefined : this.masks.find(id);
    if (before && counts !== null && counts !== before.counts) {
      const sent = this.masks.reshape(before.id, counts);
      this.#stroke.dropDraft(draft);
      await sent;
    } else if (before && counts === null) {
      this.#stroke.dropDraft(draft);
      this.choice.selection.clear();
      await this.masks.remove([before.id]);
    } else if (!before && counts !== null) {
      await this.#create(counts);
      this.#stroke.dropDraft(draft);
    } else this.#stroke.dropDraft(draft);
  }

  /** A new object, of the concept that it most probably is. */
  async #create(counts: string): Promise<void> {
    const conceptId = this.#newConcept();
    this.#isNew = false;
    const made = await this.#select(this.masks.create(counts, conceptId));
    if (made && conceptId === null) this.#onHint('noConcept');
  }

  /** Takes a point of the selected mask, or selects the mask under the pointer, whose points then show. */
  #takePoint(at: Point, how: { scale: number; isRemoving: boolean }): void {
    const [target] = this.choice.selected;
    if (target && this.choice.selection.size === 1) {
      if (this.#isLocked() || this.outline.press(target, at, how)) return;
    }
    if (!this.#selectMost([at])) this.#onHint('points');
  }

  async #keepOutline(): Promise<void> {
    const edited = this.outline.release();
    if (edited?.counts === null) this.#onHint('tooThin');
    else if (edited) await this.masks.reshape(edited.id, edited.counts);
  }

  async #cutAlong(points: readonly Point[]): Promise<void> {
    const target = this.choice.selected[0] ?? this.#selectMost(everyPixelOf(points));
    if (!target) {
      this.#onHint('cut');
      return;
    }
    if (this.#isLocked()) return;
    await this.#select(this.masks.split(target.id, { kind: 'line', points: [...points] }));
  }

  async #makeObject(regions: readonly ShapedMask[], conceptId: ConceptId | null): Promise<void> {
    const union = emptyBitmap(this.grid.width, this.grid.height);
    for (const { counts } of regions) addMask(union, counts);
    const counts = countsOf(union);
    if (counts === null) return;
    this.choice.showObjects();
    this.tool = 'select';
    await this.#select(this.masks.create(counts, conceptId));
  }

  /** Selects the object that most of the places are in, the one in front of those that have as many. */
  #selectMost(places: readonly Point[]): ShapedMask | undefined {
    const { width, height } = this.grid;
    let [most, best] = [0, undefined as ShapedMask | undefined];
    const free = this.masks.all.filter((mask) => isObject(mask) && this.choice.isFree(mask.id));
    for (const mask of free.sort((a, b) => comparePainting(b, a))) {
      const bitmap = emptyBitmap(width, height);
      addMask(bitmap, mask.counts);
      const inside = places.filter(
        ({ x, y }) =>
          x >= 0 && y >= 0 && x < width && bitmap.data[Math.floor(x) * height + Math.floor(y)] === 1,
      ).length;
      if (inside > most) [most, best] = [inside, mask];
    }
    if (best) this.choice.selection.set([best.id]);
    return best;
  }

  /** Whether the shape of a selected mask is locked, which is said. */
  #isLocked(): boolean {
    const isLocked = this.choice.selected.some(({ id }) => this.choice.locked.has(id));
    if (isLocked) this.#onHint('locked');
    return isLocked;
  }

  /** What a new object most probably is: what was assigned last, or the only concept. */
  #newConcept(): ConceptId | null {
    const things = this.#concepts().filter(
      ({ isBackground, mergedInto }) => !isBackground && mergedInto === null,
    );
    if (things.some(({ id }) => id === this.#lastConcept)) return this.#lastConcept;
    return things.length === 1 ? (things[0]?.id ?? null) : null;
  }

  /** Selects what a step makes, changes or restores, to be seen, judged or named. */
  async #select(step: Promise<ImageEdit | undefined>): Promise<ImageEdit | undefined> {
    const select = this.choice.selection.awaitResult();
    const done = await step;
    if (done) select(done.changed.map(({ id }) => id));
    return done;
  }
}

const isObject = ({ level }: ShapedMask): boolean => level === 0;
