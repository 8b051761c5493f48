import { untrack } from 'svelte';
import type { ConceptId, ImageId } from '../../../src-main/contract/ids.ts';
import type { ReviewProgress } from '../../../src-main/contract/mask-edit.ts';
import type { GalleryTile } from '../../../src-main/contract/mask.ts';
import type { Concept, Segmentation } from '../../../src-main/contract/segmentation.ts';
import { attempt } from '../../state/attempt.ts';
import { ScrolledList } from '../../state/scrolled-list.svelte.ts';
import type { Studio } from '../../state/studio.svelte.ts';
import { ConceptColours } from './concept-colours.svelte.ts';

/** A second segmentation of the same collection, next to the first one, as an address names it. */
export class BesideView {
  readonly #studio: Studio;
  readonly #ids: () => readonly ImageId[];
  readonly #colours = new ConceptColours(() => this.#concepts);
  #concepts = $state.raw<readonly Concept[]>([]);
  #counts = $state.raw<ReviewProgress['counts']>();

  /** What can be shown next to the selected segmentation. */
  readonly choices = $derived.by((): readonly Segmentation[] => {
    const { all, selected } = this.#studio.segmentations;
    return all.filter(
      ({ id, collectionId }) => collectionId === selected?.collectionId && id !== selected.id,
    );
  });
  /** As the address says; undefined also where it names one that cannot be compared with. */
  readonly segmentation = $derived.by(() => {
    const named = Number(this.#studio.navigation.query.beside);
    return this.choices.find(({ id }) => id === named);
  });
  /** Its tiles for the images of the first one; it has none for those that it has not segmented. */
  readonly #list = $derived.by(() => {
    const [{ client }, id] = [this.#studio, this.segmentation?.id];
    if (id === undefined) return undefined;
    return new ScrolledList<GalleryTile>({
      readIds: () => Promise.resolve({ items: [...this.#ids()], nextCursor: null }),
      readMany: (imageIds) => client.segmentations.galleryTiles({ id, imageIds }),
      idOf: ({ imageId }) => imageId,
    });
  });

  /** @param ids the images that the first segmentation shows */
  constructor(studio: Studio, ids: () => readonly ImageId[]) {
    this.#studio = studio;
    this.#ids = ids;
  }

  /** Objects, and those of them that have been reviewed; undefined while that is not known. */
  readonly progress = $derived.by(() => progressOf(this.#counts));

  show(id: Segmentation['id'] | null): void {
    this.#studio.navigation.setQuery({ beside: id === null ? undefined : String(id) });
  }

  tileOf(id: ImageId): GalleryTile | undefined {
    return this.#list?.details(id);
  }

  /** Where the thumbnail of an image with the objects of this segmentation is. */
  pictureOf(id: ImageId): string | undefined {
    const tile = this.tileOf(id);
    return tile && this.segmentation && this.#colours.pictureOf(this.segmentation.id, tile);
  }

  colourOf(id: ConceptId | null): string {
    return this.#colours.colourOf(id);
  }

  /** Asks for the tiles between two places of the list. */
  ensure(from: number, to: number): void {
    void this.#list?.ensure(from, to);
  }

  /** Reads what the service may have changed, and the tiles of another list of images. */
  async refresh(): Promise<void> {
    const [id, list] = untrack(() => [this.segmentation?.id, this.#list] as const);
    if (id === undefined) return;
    await Promise.all([
      // The first segmentation shows when the service cannot be reached.
      attempt(async () => {
        this.#concepts = await this.#studio.client.concepts.list({ id });
        this.#counts = (await this.#studio.client.masks.reviewProgress({ id })).counts;
      }),
      list?.refresh(),
    ]);
  }
}

/** How many of all objects have been reviewed. */
export function progressOf(
  counts: ReviewProgress['counts'] | undefined,
): { done: number; total: number } | undefined {
  if (!counts) return undefined;
  const { pending, accepted, rejected, edited } = counts;
  const done = accepted + rejected + edited;
  return { done, total: done + pending };
}
