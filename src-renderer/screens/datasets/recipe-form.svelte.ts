import {
  CLASS_WITHOUT_CONCEPT,
  type DatasetPreview,
  type DatasetRecipe,
  type DatasetVersionDetail,
} from '../../../src-main/contract/dataset.ts';
import type { SegmentationId } from '../../../src-main/contract/ids.ts';
import type { ShownError } from '../../client/error.ts';
import { attempt } from '../../state/attempt.ts';
import type { Studio } from '../../state/studio.svelte.ts';
import { DRAFT_KEY, EMPTY_DRAFT, RecipeDraft, recipeOf, type DraftConcept } from './recipe-draft.ts';

/** A dataset before it is frozen: its draft, what that would make, and the freezing. */
export class RecipeForm {
  readonly #studio: Pick<Studio, 'client' | 'memory' | 'segmentations' | 'datasets'>;
  #draft = $state.raw<RecipeDraft>(EMPTY_DRAFT);
  #concepts = $state.raw<readonly DraftConcept[]>();
  #preview = $state.raw<DatasetPreview>();
  #counted = $state.raw<DatasetRecipe>();
  #isCounting = $state(false);
  #isCreating = $state(false);
  #error = $state.raw<ShownError>();
  #counting: AbortController | undefined;

  readonly recipe = $derived.by(() => (this.#concepts ? recipeOf(this.#draft, this.#concepts) : undefined));
  readonly canCreate = $derived.by(
    () => !this.#isCreating && this.#draft.name.trim() !== '' && (this.#preview?.images ?? 0) > 0,
  );

  /** Concepts that are probably background, and whose masks the dataset would take. */
  readonly likelyBackground = $derived.by(() =>
    (this.#preview?.concepts ?? []).filter(
      ({ isLikelyBackground, className, masks }) => isLikelyBackground && className !== null && masks > 0,
    ),
  );

  constructor(studio: Pick<Studio, 'client' | 'memory' | 'segmentations' | 'datasets'>) {
    this.#studio = studio;
    this.#draft = studio.memory.read(DRAFT_KEY, RecipeDraft, EMPTY_DRAFT);
  }

  get draft(): RecipeDraft {
    return this.#draft;
  }

  /** Undefined until it has been counted for the first time. */
  get preview(): DatasetPreview | undefined {
    return this.#preview;
  }

  /** The recipe that the preview is of. */
  get counted(): DatasetRecipe | undefined {
    return this.#counted;
  }

  get isCounting(): boolean {
    return this.#isCounting;
  }

  get isCreating(): boolean {
    return this.#isCreating;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  set(change: Partial<RecipeDraft>): void {
    this.#draft = { ...this.#draft, ...change };
    this.#studio.memory.remember(DRAFT_KEY, this.#draft);
  }

  /** Leaves out the masks of these concepts. */
  leaveOut(names: readonly string[]): void {
    this.set({ taken: { ...this.#draft.taken, ...Object.fromEntries(names.map((name) => [name, false])) } });
  }

  /** Train takes from val, and val only what train leaves; the rest is for test. */
  setSplit({ train, val }: { train?: number; val?: number }): void {
    const trainPercent = train ?? this.#draft.trainPercent;
    const valPercent = Math.min(val ?? this.#draft.valPercent, 100 - trainPercent);
    this.set({ trainPercent, valPercent });
  }

  /** One segmentation of a collection at most: selecting another one of the same collection replaces it. */
  toggle(id: SegmentationId): void {
    const { segmentations } = this.#studio;
    const collectionId = segmentations.find(id)?.collectionId;
    const isOn = this.#draft.segmentationIds.includes(id);
    const others = this.#draft.segmentationIds.filter(
      (one) => one !== id && segmentations.find(one)?.collectionId !== collectionId,
    );
    this.set({ segmentationIds: isOn ? others : [...others, id] });
  }

  /** Drops segmentations that are gone; where none is left, the one that the other screens show is taken. */
  settleSources(): void {
    const { segmentations } = this.#studio;
    const there = this.#draft.segmentationIds.filter((id) => segmentations.find(id));
    const first = segmentations.selected;
    const segmentationIds = there.length === 0 && first ? [first.id] : there;
    if (segmentationIds.join() !== this.#draft.segmentationIds.join()) this.set({ segmentationIds });
  }

  /** Reads the concepts; masks without one are a separate class. */
  async readConcepts(): Promise<void> {
    const ids = this.#draft.segmentationIds;
    this.#error = await attempt(async () => {
      const lists = await Promise.all(ids.map((id) => this.#studio.client.concepts.list({ id })));
      // Used only here, so nothing has to follow its changes.
      // eslint-disable-next-line svelte/prefer-svelte-reactivity
      const concepts = new Map<string, DraftConcept>();
      for (const { name, number, isBackground, mergedInto } of lists.flat()) {
        const shown = name ?? `concept-${number}`;
        if (mergedInto === null) concepts.set(shown, { name: shown, isBackground });
      }
      concepts.set(CLASS_WITHOUT_CONCEPT, { name: CLASS_WITHOUT_CONCEPT, isBackground: false });
      if (ids.join() === this.#draft.segmentationIds.join()) this.#concepts = [...concepts.values()];
    });
  }

  /** Counts what the recipe would make; only the latest question counts. */
  async count(): Promise<void> {
    const { recipe } = this;
    this.#counting?.abort();
    if (!recipe || recipe.segmentationIds.length === 0 || recipe.reviews.length === 0) {
      this.#preview = undefined;
      return;
    }
    const asked = new AbortController();
    this.#counting = asked;
    this.#isCounting = true;
    const error = await attempt(async () => {
      const preview = await this.#studio.client.datasets.preview({ recipe }, { signal: asked.signal });
      if (asked.signal.aborted) return;
      this.#preview = preview;
      // What is equal stays the same: who follows it need not read again.
      if (JSON.stringify(this.#counted) !== JSON.stringify(recipe)) this.#counted = recipe;
    });
    if (asked.signal.aborted) return;
    this.#error = error;
    this.#isCounting = false;
  }

  /** @returns the frozen version, or undefined where it was refused */
  async create(): Promise<DatasetVersionDetail | undefined> {
    const { recipe } = this;
    if (!recipe) return undefined;
    const made: DatasetVersionDetail[] = [];
    this.#isCreating = true;
    this.#error = await attempt(async () => {
      made.push(await this.#studio.client.datasets.create({ name: this.#draft.name, recipe }));
      await this.#studio.datasets.load();
    });
    this.#isCreating = false;
    return made[0];
  }
}
