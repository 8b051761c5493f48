import type { Statement } from 'better-sqlite3';
import { MaskId, type ConceptId, type ContentHash, type SegmentationId } from '../contract/ids.ts';
import type { WritableDb } from './connection.ts';
import { toHash } from './image-row.ts';
import { toShape, type MaskRow, type ShapeRow } from './mask-row.ts';
import { MaskWriter, type MaskPlace, type NewMaskRow } from './mask-writer.ts';

/** A mask that nobody has reviewed yet. */
export type NewMask = Omit<NewMaskRow, 'review'>;
export type SegmentedImage = MaskPlace & {
  contentHash: ContentHash;
  finishedAtMs: number;
  masks: readonly NewMask[];
  /** See [Note: Preliminary masks]; false by default. */
  isPreliminary?: boolean;
};

type ImageKey = { segmentationId: number; imageId: number };
type PresentMask = MaskRow & ShapeRow;

/** Overlap of boxes from which an object found later is taken for the same thing. */
const SAME_THING = 0.5;

/**
 * [Note: Preliminary masks] While a collection is learned, the images of its sample already have masks, cut by each
 * image's own pixels and without concepts. The final masks take their place in one transaction per image. An image on
 * which the user has worked in the meantime keeps its masks as they are, and so does one whose objects turn out to be
 * the same: these masks only get their concepts. Steps that can be undone get them too: filing is not a change that
 * undo would have to protect.
 */
export class PreliminaryMasks {
  readonly #masks: MaskWriter;
  readonly #contentOf: Statement<[ImageKey], Uint8Array>;
  readonly #isTouched: Statement<[ImageKey], number>;
  readonly #present: Statement<[ImageKey], PresentMask>;
  readonly #removeMasks: Statement<[ImageKey]>;
  readonly #fileSteps: Statement<[Record<string, number>]>;
  readonly #setFinal: Statement<[ImageKey & { finishedAtMs: number }]>;
  readonly #gone: Statement<[number], number>;
  readonly #forget: Statement<[ImageKey]>;

  constructor(db: WritableDb) {
    const ofImage = 'segmentation_id = @segmentationId AND image_id = @imageId';
    this.#masks = new MaskWriter(db);
    this.#contentOf = db
      .prepare<[ImageKey], Uint8Array>(
        `SELECT content_hash FROM segmented_images WHERE ${ofImage} AND is_preliminary = 1`,
      )
      .pluck();
    this.#isTouched = db
      .prepare<[ImageKey], number>(
        `SELECT EXISTS (SELECT 1 FROM mask_edits WHERE ${ofImage}) OR EXISTS (
           SELECT 1 FROM masks WHERE ${ofImage} AND (origin <> 'model' OR review <> 'pending'))`,
      )
      .pluck();
    this.#present = db.prepare(
      `SELECT * FROM masks JOIN mask_shapes ON mask_id = id WHERE ${ofImage} ORDER BY id`,
    );
    this.#removeMasks = db.prepare(`DELETE FROM masks WHERE ${ofImage}`);
    this.#fileSteps = db.prepare(
      'UPDATE mask_edit_states SET concept_id = @conceptId WHERE mask_id = @maskId AND concept_id IS NULL',
    );
    this.#gone = db
      .prepare<[number], number>(
        `SELECT d.image_id FROM segmented_images d JOIN images i ON i.id = d.image_id
         WHERE d.segmentation_id = ? AND d.is_preliminary = 1 AND i.status NOT IN ('ok', 'changed')`,
      )
      .pluck();
    this.#forget = db.prepare(`DELETE FROM segmented_images WHERE ${ofImage}`);
    this.#setFinal = db.prepare(
      `UPDATE segmented_images SET is_preliminary = 0, finished_at_ms = @finishedAtMs WHERE ${ofImage}`,
    );
  }

  /**
   * Closes a segmentation, inside a transaction of the caller: images that went away before their turn keep what the
   * user has made of their masks, and lose masks that were only preliminary. Those that are back later are new.
   */
  close(segmentationId: SegmentationId, finishedAtMs: number): void {
    for (const imageId of this.#gone.all(segmentationId)) {
      const key = { segmentationId, imageId };
      if (this.#isTouched.get(key) === 1) this.#setFinal.run({ ...key, finishedAtMs });
      else this.#forget.run(key);
    }
  }

  /**
   * Makes an image's masks final, inside a transaction of the caller.
   * @returns its masks; undefined, with nothing changed, if it has no preliminary ones of this content
   */
  settle(image: SegmentedImage): MaskId[] | undefined {
    const { segmentationId, imageId, contentHash, finishedAtMs } = image;
    const key = { segmentationId, imageId };
    const content = this.#contentOf.get(key);
    if (!content || toHash(content) !== contentHash) return undefined;
    this.#setFinal.run({ ...key, finishedAtMs });
    const present = this.#present.all(key);
    const objects = image.masks.filter(({ level }) => level === 0);
    if (this.#isTouched.get(key) !== 1 && !areSame(present, objects)) {
      this.#removeMasks.run(key);
      return this.#insert(image, image.masks);
    }
    for (const mask of present) this.#file(mask, objects);
    const regions = image.masks.filter(({ level }) => level > 0);
    return [...present.map(({ id }) => MaskId.parse(id)), ...this.#insert(image, regions)];
  }

  #insert(image: SegmentedImage, masks: readonly NewMask[]): MaskId[] {
    return masks.map((mask) => this.#masks.insert(image, { ...mask, review: 'pending' }));
  }

  #file(mask: PresentMask, objects: readonly NewMask[]): void {
    if (mask.concept_id !== null) return;
    const conceptId = conceptFor(mask, objects);
    if (conceptId === null) return;
    this.#masks.setConcept(MaskId.parse(mask.id), conceptId);
    this.#fileSteps.run({ maskId: mask.id, conceptId });
  }
}

function areSame(present: readonly PresentMask[], objects: readonly NewMask[]): boolean {
  return (
    present.length === objects.length &&
    present.every((mask, at) => Buffer.from(toShape(mask).rle).equals(objects[at]?.shape.rle ?? Buffer.of()))
  );
}

/** The concept of the object whose box overlaps that of a mask most; null if none does enough. */
function conceptFor({ x, y, width, height }: PresentMask, objects: readonly NewMask[]): ConceptId | null {
  let [most, best]: [number, ConceptId | null] = [SAME_THING, null];
  for (const { box, conceptId } of objects) {
    const across = Math.min(x + width, box.x + box.width) - Math.max(x, box.x);
    const down = Math.min(y + height, box.y + box.height) - Math.max(y, box.y);
    const both = Math.max(across, 0) * Math.max(down, 0);
    const overlap = both / (width * height + box.width * box.height - both);
    if (overlap >= most) [most, best] = [overlap, conceptId];
  }
  return best;
}
