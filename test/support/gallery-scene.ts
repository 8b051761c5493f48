import type { ConceptId, ImageId, MaskId, SegmentationId } from '../../src-main/contract/ids.ts';
import type { GalleryTile } from '../../src-main/contract/mask.ts';
import type { StoreOptions } from '../../src-main/store/database.ts';
import type { GalleryQuery } from '../../src-main/store/gallery-query.ts';
import { hashOf, maskOf, scanFolder, TestStore } from './store.ts';
import { tempFolder } from './temp-folder.ts';
import { walkPages } from './walk-pages.ts';

/** Images 00.jpg on, the last of four or more a cat behind all letters, and a segmentation with the concepts cat and dog; nothing is segmented yet. */
export class GalleryScene extends TestStore {
  readonly segmentationId: SegmentationId;
  readonly cat: ConceptId;
  readonly dog: ConceptId;
  readonly images: ImageId[];

  constructor(imageCount: number, options: Partial<StoreOptions> = {}) {
    super(tempFolder(), options);
    const collectionId = this.collection();
    const files = Array.from({ length: imageCount }, (_, content) => ({
      relPath: `${content >= 3 && content === imageCount - 1 ? '\u{1f408}' : String(content).padStart(2, '0')}.jpg`,
      content,
    }));
    // Row ids in another order than paths.
    scanFolder(this.store, { collectionId, scanId: 1, files: files.toReversed() });
    this.images = files.map(({ relPath }) => this.imageId(relPath));
    this.segmentationId = this.store.segmentations.insert({
      collectionId,
      name: 'objects',
      settings: { level: 1 },
      device: 'cpu',
      createdAtMs: 5,
    });
    const [cat, dog] = ['cat', 'dog'].map((name, number) =>
      this.store.segmentations.insertConcept({
        segmentationId: this.segmentationId,
        number,
        name,
        colour: '#00ff00',
        isBackground: false,
      }),
    );
    if (!cat || !dog) throw new Error('no concepts');
    [this.cat, this.dog] = [cat, dog];
  }

  save(index: number, masks: Parameters<typeof maskOf>[0][], segmentationId = this.segmentationId): MaskId[] {
    const imageId = this.images[index];
    if (imageId === undefined) throw new Error(`no image ${index}`);
    return this.store.segmentations.saveImage({
      segmentationId,
      imageId,
      contentHash: hashOf(index),
      finishedAtMs: 7,
      masks: masks.map(maskOf),
    });
  }

  /** From now on, dogs count as cats. */
  mergeDogIntoCat(): void {
    const dog = this.store.concepts.get(this.dog);
    if (dog) this.store.concepts.update({ ...dog, mergedInto: this.cat });
  }

  /** The tiles of a list, as the grid of the app reads them. */
  tiles(query: Partial<GalleryQuery>): GalleryTile[] {
    const { segmentationId = this.segmentationId } = query;
    return this.store.gallery.tiles(segmentationId, this.ids(query));
  }

  ids(query: Partial<GalleryQuery>, limit = 100): ImageId[] {
    const { segmentationId } = this;
    return walkPages((cursor) =>
      this.store.gallery.ids({ segmentationId, sort: 'path', isReversed: false, ...query, cursor, limit }),
    ).flatMap(({ items }) => items);
  }

  /** What the triggers keep, and the same read from the masks. */
  summaries() {
    const values = `count(*) AS masks, max(score) AS best, max(area_px) AS largest,
      sum(review = 'pending') AS pending, sum(review = 'accepted') AS accepted,
      sum(review = 'rejected') AS rejected, sum(review = 'edited') AS edited`;
    const kept = `mask_count AS masks, best_score AS best, largest_px AS largest, pending_count AS pending,
      accepted_count AS accepted, rejected_count AS rejected, edited_count AS edited`;
    const keys = 'segmentation_id, image_id';
    const imagesThat = (condition: string) =>
      `(SELECT count(*) FROM segmented_images WHERE segmentation_id = s.id AND ${condition})`;
    const masksIn = (review: string) =>
      `(SELECT count(*) FROM masks WHERE segmentation_id = s.id AND review = '${review}') AS ${review}_masks`;
    const read = (sql: string) => this.db.prepare(sql).all();
    return {
      kept: [
        read(`SELECT ${keys}, ${kept} FROM segmented_images WHERE mask_count > 0 ORDER BY 1, 2`),
        read(`SELECT concept_id, ${keys}, ${kept} FROM concept_images ORDER BY 1, 2, 3`),
        read(`SELECT id, finished_images, preliminary_images, pending_masks, accepted_masks, rejected_masks, edited_masks
              FROM segmentations ORDER BY 1`),
        read('SELECT id, own_masks, own_images FROM concepts ORDER BY 1'),
      ],
      recounted: [
        read(`SELECT ${keys}, ${values} FROM masks GROUP BY 1, 2 ORDER BY 1, 2`),
        read(`SELECT concept_id, ${keys}, ${values} FROM masks WHERE concept_id IS NOT NULL
              GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`),
        read(`SELECT id, ${imagesThat('is_preliminary = 0')} AS finished_images,
                ${imagesThat('is_preliminary = 1')} AS preliminary_images, ${masksIn('pending')}, ${masksIn('accepted')},
                ${masksIn('rejected')}, ${masksIn('edited')}
              FROM segmentations s ORDER BY 1`),
        read(`SELECT id, (SELECT count(*) FROM masks WHERE concept_id = c.id) AS own_masks,
                (SELECT count(DISTINCT image_id) FROM masks WHERE concept_id = c.id) AS own_images
              FROM concepts c ORDER BY 1`),
      ],
    };
  }
}
