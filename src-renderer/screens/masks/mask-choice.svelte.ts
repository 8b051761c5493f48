import type { MaskId } from '../../../src-main/contract/ids.ts';
import type { ShapedMask } from '../../../src-main/contract/segmentation.ts';
import { Selection } from '../../state/selection.svelte.ts';
import type { ImageMasks } from './image-masks.svelte.ts';
import { groupsOf, levelsOf } from './levels.ts';

/** What is shown of the masks of an image, from its regions to its objects, and the selection. */
export class MaskChoice {
  readonly selection = new Selection<MaskId>();
  /** Masks that are not drawn, so that what is under them can be seen and clicked. */
  readonly hidden = new Selection<MaskId>();
  /** Masks whose shape no tool changes. */
  readonly locked = new Selection<MaskId>();
  readonly #masks: ImageMasks;

  hoveredKey = $state<string>();
  #levelFromEnd = $state(0);

  readonly levels = $derived.by(() => levelsOf(this.#masks.all));
  readonly levelIndex = $derived.by(() => Math.max(0, this.levels.length - 1 - this.#levelFromEnd));
  readonly level = $derived.by(
    () => this.levels[this.levelIndex] ?? { kind: 'stored' as const, level: 0, count: 0 },
  );
  readonly groups = $derived.by(() => groupsOf(this.#masks.all, this.level));
  /** Regions are looked at, and made objects of; only objects are reviewed and corrected. */
  readonly isOfObjects = $derived.by(() => this.level.level === 0);
  readonly selected = $derived.by(() => this.#masks.all.filter(({ id }) => this.selection.has(id)));
  /** What is reviewed and corrected. */
  readonly objects = $derived.by((): ShapedMask[] => (this.isOfObjects ? this.selected : []));

  constructor(masks: ImageMasks) {
    this.#masks = masks;
  }

  showLevel(index: number): void {
    const place = Math.min(this.levels.length - 1, Math.max(0, index));
    this.#levelFromEnd = this.levels.length - 1 - place;
    this.selection.clear();
  }

  /** The last level. */
  showObjects(): void {
    this.showLevel(this.levels.length - 1);
  }

  /** The group after the selected one, or before it. */
  step(by: 1 | -1): void {
    const at = this.groups.findIndex(({ ids }) => ids.some((id) => this.selection.has(id)));
    const next = at < 0 ? (by > 0 ? 0 : this.groups.length - 1) : at + by;
    const group = this.groups[(next + this.groups.length) % Math.max(1, this.groups.length)];
    if (group) this.selection.set(group.ids);
  }

  choose(key: string | undefined, isAdding: boolean): void {
    const group = this.groups.find((one) => one.key === key);
    if (!group) {
      if (!isAdding) this.selection.clear();
    } else if (isAdding) {
      for (const id of group.ids) this.selection.toggle(id);
    } else {
      this.selection.set(group.ids);
    }
  }

  /** Hides the masks, or shows them if all of them are hidden. */
  toggleHidden(ids: Iterable<MaskId> = this.selection.ids): void {
    toggleAll(this.hidden, ids);
  }

  /** Locks the shapes of the masks, or unlocks them if all of them are locked. */
  toggleLocked(ids: Iterable<MaskId> = this.selection.ids): void {
    toggleAll(this.locked, ids);
  }

  /** Whether a tool may change a mask that the pointer meets. */
  isFree(id: MaskId): boolean {
    return !this.hidden.has(id) && !this.locked.has(id);
  }

  chooseAll(): void {
    this.selection.set(this.groups.flatMap(({ ids }) => ids));
  }
}

/** Adds all to a set, or takes them out if all are in it. */
function toggleAll(set: Selection<MaskId>, ids: Iterable<MaskId>): void {
  const wanted = [...ids];
  const others = [...set.ids].filter((id) => !wanted.includes(id));
  set.set(wanted.every((id) => set.has(id)) ? others : [...others, ...wanted]);
}
