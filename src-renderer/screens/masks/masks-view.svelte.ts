import { untrack } from 'svelte';
import { z } from 'zod';
import { ImageId, type ConceptId, type MaskId } from '../../../src-main/contract/ids.ts';
import { hasCalibratedScores, isLikelyRight } from '../../../src-main/contract/likely-right.ts';
import type { ReviewProgress } from '../../../src-main/contract/mask-edit.ts';
import type { GalleryTile, Mask, ReviewState, Trust } from '../../../src-main/contract/mask.ts';
import type { Concept } from '../../../src-main/contract/segmentation.ts';
import { t } from '../../i18n/language.svelte.ts';
import { attempt, attemptLoudly } from '../../state/attempt.ts';
import { ScrolledList } from '../../state/scrolled-list.svelte.ts';
import { Selection } from '../../state/selection.svelte.ts';
import type { Studio } from '../../state/studio.svelte.ts';
import { DoneBatches } from '../../state/undo-batches.ts';
import { BesideView, progressOf } from './beside-view.svelte.ts';
import { ConceptColours } from './concept-colours.svelte.ts';
import { SimilarView } from './similar-view.svelte.ts';
import { looksOf } from './map/map-groups.ts';
import { ANY, fromAddress, isByPath, ShownFilter, toAddress, toQuery } from './gallery-filter.ts';

const IDS_AT_ONCE = 5_000;
const IMAGES_AT_ONCE = 500;
const TILE_KEY = 'masks.tile';
const TilePx = z.number().min(80).max(360);
const DEFAULT_TILE_PX = 184;

/** The masks screen: `masks/SEGMENTATION/IMAGE` shows one image, `masks` the grid of the selected segmentation. */
export class MasksView {
  readonly selection = new Selection<ImageId>();
  readonly similar: SimilarView;
  readonly beside: BesideView;
  readonly #studio: Studio;
  readonly #segmentationId = $derived.by(() => this.#studio.segmentations.selected?.id);
  #concepts = $state.raw<readonly Concept[]>([]);
  readonly #colours = new ConceptColours(() => this.#concepts);
  #activeId = $state<ImageId>();
  #likelyRight = $state.raw<ReviewProgress['likelyRight']>(null);
  #reviews = $state.raw<ReviewProgress['counts']>();
  /** The list that was read last, and the changes that are in it. */
  #readList: ScrolledList<GalleryTile> | undefined;
  #readUpTo = 0;

  /** The single image that is shown. */
  readonly openId = $derived.by(() => {
    const [, image] = this.#studio.navigation.path;
    return this.#segmentationId === undefined ? undefined : ImageId.safeParse(Number(image)).data;
  });
  /** As the address says; an address that says nothing of it shows what was shown last. */
  readonly filter = $derived.by(
    () =>
      fromAddress(this.#studio.navigation.query) ??
      this.#studio.memory.read(this.#filterKey, ShownFilter, ANY),
  );
  readonly #filterKey = $derived.by(() => `masks.filter.${this.#segmentationId ?? 0}`);
  /** As text, which is equal where the filter is: a list lives as long as that. */
  readonly #query = $derived.by(() => JSON.stringify(toQuery(this.filter)));
  readonly #similarTo = $derived.by(() => this.similar.imageId);
  readonly list = $derived.by(() => {
    const [{ client }, id, imageId] = [this.#studio, this.#segmentationId, this.#similarTo];
    // It is made of the filter alone, which is read where it is.
    void this.#query;
    const filter = untrack(() => toQuery(this.filter));
    if (id === undefined) return undefined;
    return new ScrolledList<GalleryTile>({
      readIds: async (cursor) =>
        imageId !== undefined
          ? { items: await this.similar.images(id, imageId), nextCursor: null }
          : client.segmentations.galleryIds({ id, ...filter, cursor, limit: IDS_AT_ONCE }),
      readMany: (imageIds) => client.segmentations.galleryTiles({ id, imageIds }),
      idOf: ({ imageId }) => imageId,
    });
  });
  /** What each concept looks like on a map, and what it counts as. */
  readonly conceptLooks = $derived.by(() => looksOf(this.#concepts));
  /** Whether scores say which objects are likely right. */
  readonly isCalibrated = $derived.by(() => {
    const { selected } = this.#studio.segmentations;
    return selected !== undefined && hasCalibratedScores(selected);
  });

  constructor(studio: Studio) {
    this.#studio = studio;
    this.similar = new SimilarView(studio);
    this.beside = new BesideView(studio, () => this.list?.ids ?? []);
  }

  get concepts(): readonly Concept[] {
    return this.#concepts;
  }

  /** Objects that are likely right and not reviewed yet; null while that is not known. */
  get likelyRight(): ReviewProgress['likelyRight'] {
    return this.#likelyRight;
  }

  /** How many of all objects have been reviewed; undefined while that is not known. */
  readonly progress = $derived.by(() => progressOf(this.#reviews));

  get tilePx(): number {
    return this.#studio.memory.read(TILE_KEY, TilePx, DEFAULT_TILE_PX);
  }

  set tilePx(px: number) {
    this.#studio.memory.remember(TILE_KEY, px);
  }

  /** The image that the keyboard is on. */
  get activeId(): ImageId | undefined {
    return this.openId ?? this.#activeId;
  }

  activate(id: ImageId, isExtending = false): void {
    const before = this.#activeId;
    this.#activeId = id;
    if (isExtending && this.list)
      this.selection.extendTo(id, this.list.ids, this.selection.size > 0 ? undefined : before);
  }

  /** Reads what the service may have changed: only images whose masks have, where the list stays the same for that. */
  async refresh(): Promise<void> {
    const id = untrack(() => this.#segmentationId);
    if (id === undefined) return;
    const list = untrack(() => this.list);
    const { log } = this.#studio.segmentations;
    const changed = list === this.#readList ? log.imagesSince(this.#readUpTo, id) : null;
    this.#readList = list;
    this.#readUpTo = log.mark;
    if (changed?.size === 0) return;
    const isListed = changed !== null && untrack(() => isByPath(this.filter) && !this.similar.imageId);
    await Promise.all([
      // The list itself shows when the service cannot be reached.
      attempt(async () => {
        const [concepts, { likelyRight, counts }] = await Promise.all([
          this.#studio.client.concepts.list({ id }),
          this.#studio.client.masks.reviewProgress({ id }),
        ]);
        // Another segmentation may have been selected meanwhile.
        if (id !== untrack(() => this.#segmentationId)) return;
        this.#concepts = concepts;
        this.#likelyRight = likelyRight;
        this.#reviews = counts;
      }),
      isListed ? list?.reread(changed) : list?.refresh(),
    ]);
  }

  show(change: Partial<ShownFilter>): void {
    this.selection.clear();
    this.#studio.navigation.setQuery(toAddress({ ...this.filter, ...change }));
  }

  /** Lets the address say what is shown, and remembers it for one that does not. */
  settleAddress(): void {
    const { filter } = this;
    if (this.#segmentationId === undefined || this.#studio.navigation.path[0] === 'new') return;
    this.#studio.navigation.setQuery(toAddress(filter));
    this.#studio.memory.remember(this.#filterKey, filter);
  }

  /** What needs a look comes first, the least sure of it at the top. */
  showTrust(trust: Trust | null): void {
    this.show({ trust, ...(trust === 'to-check' && { sort: 'score', isReversed: true }) });
  }

  isLikelyRight(mask: Mask): boolean {
    const { selected } = this.#studio.segmentations;
    return selected !== undefined && isLikelyRight(mask, selected);
  }

  /** What objects can be assigned to, as people have put them in order: the first nine have a key. */
  readonly assignable = $derived.by(() => this.#concepts.filter(({ mergedInto }) => mergedInto === null));

  /** Adds a concept to the segmentation. @returns it, or undefined where that was refused */
  async createConcept(name: string): Promise<Concept | undefined> {
    const [{ client, toasts }, id] = [this.#studio, this.#segmentationId];
    if (id === undefined) return undefined;
    const made: Concept[] = [];
    await attemptLoudly(toasts, async () => {
      made.push(await client.concepts.create({ id, name }));
      const concepts = await client.concepts.list({ id });
      if (id === this.#segmentationId) this.#concepts = concepts;
    });
    return made[0];
  }

  colourOf(conceptId: ConceptId | null): string {
    return this.#colours.colourOf(conceptId);
  }

  conceptName(conceptId: ConceptId | null): string {
    const concept = this.#concepts.find(({ id }) => id === conceptId);
    if (!concept) return t('masks.noConcept');
    const target = this.#concepts.find(({ id }) => id === concept.mergedInto) ?? concept;
    return target.name ?? t('masks.conceptNumber', { number: target.number });
  }

  /** Where the thumbnail of an image with its objects is; undefined while its tile is not known. */
  pictureOf(imageId: ImageId): string | undefined {
    const tile = this.list?.details(imageId);
    if (!tile || this.#segmentationId === undefined) return undefined;
    return this.#colours.pictureOf(this.#segmentationId, tile);
  }

  showSimilarImages(id: ImageId): void {
    this.selection.clear();
    if (this.#segmentationId !== undefined) this.similar.toImage(this.#segmentationId, id);
  }

  showSimilarObjects(id: MaskId): void {
    if (this.#segmentationId !== undefined) this.similar.toObject(this.#segmentationId, id);
  }

  open(id: ImageId): void {
    this.#activeId = id;
    this.#studio.navigation.goWithin(this.#segmentationId ?? 0, id);
  }

  turnTo(id: ImageId): void {
    this.#activeId = id;
    this.#studio.navigation.replaceWithin(this.#segmentationId ?? 0, id);
  }

  close(): void {
    this.#studio.navigation.replaceWithin(this.#segmentationId ?? 0);
  }

  /** Accepts all objects that are likely right and not reviewed yet, in one step. */
  async acceptLikelyRight(): Promise<void> {
    const [{ client, toasts }, id] = [this.#studio, this.#segmentationId];
    if (id === undefined) return;
    const done = new DoneBatches();
    await attemptLoudly(toasts, async () => done.add(await client.masks.acceptLikelyRight({ id })));
    const title = t('masks.reviewed', { count: done.changed });
    toasts.show({ tone: 'success', title, ...done.undo(client, toasts) });
  }

  /** Reviews all objects of the selected images, or only those of the shown concept. */
  async review(review: ReviewState): Promise<void> {
    const [{ client, toasts }, id, imageIds] = [this.#studio, this.#segmentationId, [...this.selection.ids]];
    if (id === undefined) return;
    if (imageIds.length === 0) {
      toasts.show({ tone: 'neutral', title: t('masks.hint.images') });
      return;
    }
    const { conceptId } = this.filter;
    const done = new DoneBatches();
    await attemptLoudly(toasts, async () => {
      for (let start = 0; start < imageIds.length; start += IMAGES_AT_ONCE) {
        const some = imageIds.slice(start, start + IMAGES_AT_ONCE);
        const ofConcept = conceptId === null ? {} : { conceptId };
        done.add(await client.masks.reviewImages({ id, imageIds: some, review, ...ofConcept }));
      }
    });
    this.selection.deselect(imageIds);
    const title = t('masks.reviewed', { count: done.changed });
    toasts.show({ tone: 'success', title, ...done.undo(client, toasts) });
  }
}
