import type { Statement } from 'better-sqlite3';
import type { DatasetRecipe, Split } from '../contract/dataset.ts';
import type { ExportImageName } from '../domain/export-plan.ts';
import type { FileKey } from '../domain/scan.ts';
import {
  DatasetMaskId,
  ImageId,
  type ContentHash,
  type DatasetVersionId,
  type SegmentationId,
} from '../contract/ids.ts';
import { ReviewState, type Box } from '../contract/mask.ts';
import type { WritableDb } from './connection.ts';
import { toHash } from './image-row.ts';

/** An image that a segmentation has finished, with its file as it was then and as it is now. */
export type SegmentedFile = {
  imageId: ImageId;
  /** Whether its masks belong to the file as it is. */
  state: 'same' | 'changed' | 'missing' | 'hidden';
};

/** A concept of a segmentation, as classes are named after it. */
export type SourceConcept = {
  id: number;
  number: number;
  name: string | null;
  colour: string;
  isBackground: boolean;
  isLikelyBackground: boolean;
  mergedInto: number | null;
  hasMasks: boolean;
};

/** An image of a version. */
export type DatasetImage = {
  id: number;
  rootPath: string;
  relPath: string;
  pathBytes: Uint8Array | null;
  /** Where it is now, if it was renamed since the version was frozen. */
  file: FileKey;
  contentHash: ContentHash;
  sizeBytes: number;
  mtimeMs: number;
  widthPx: number;
  heightPx: number;
  orientation: number;
  split: Split;
};

/** A mask of a version; `rle` is on the grid of its image. */
export type DatasetMask = {
  id: DatasetMaskId;
  classNumber: number;
  sourceMaskId: number | null;
  box: Box;
  areaPx: number;
  score: number;
  stackOrder: number;
  review: ReviewState;
  rle: Uint8Array;
};

type ConceptRow = Omit<SourceConcept, 'isBackground' | 'isLikelyBackground' | 'hasMasks'> & {
  isBackground: number;
  isLikelyBackground: number;
  hasMasks: number;
};
type ImageRow = {
  id: number;
  root_path: string;
  rel_path: string;
  path_bytes: Uint8Array | null;
  content_hash: Uint8Array;
  size_bytes: number;
  mtime_ms: number;
  width_px: number;
  height_px: number;
  orientation: number;
  split: Split;
};
type MaskRow = {
  id: number;
  class_number: number;
  source_mask_id: number | null;
  x: number;
  y: number;
  width: number;
  height: number;
  area_px: number;
  score: number;
  stack_order: number;
  review: string;
  rle: Uint8Array;
};
type SourceMaskRow = Omit<MaskRow, 'class_number' | 'source_mask_id'> & { concept_id: number | null };
export type MaskFilter = Pick<DatasetRecipe, 'level' | 'reviews' | 'minScore' | 'minAreaPx' | 'maxAreaPx'>;

export type BuildStep = {
  versionId: DatasetVersionId;
  segmentationId: SegmentationId;
  imageIds: readonly ImageId[];
  filter: MaskFilter;
  keepEmptyImages: boolean;
  /** Class number of a concept's id, or of null for masks without one; undefined leaves the mask out. */
  classOf: (conceptId: number | null) => number | undefined;
};

/** Masks of one concept on one image that pass the filters. */
export type SourceCount = { imageId: number; conceptId: number | null; masks: number };

/** What a recipe's filter asks of a mask `m`, with the values of `boundFilter`. */
export const PASSES = `m.level = @level AND m.review IN (SELECT value FROM json_each(@reviews)) AND m.score >= @minScore
  AND m.area_px >= @minAreaPx AND m.area_px <= ifnull(@maxAreaPx, m.area_px)`;

/** Images and masks of dataset versions, and what they are copied from. */
export class DatasetRowRepository {
  /** Copies images with the masks that pass. @returns masks copied of each image; 0 where it was left out */
  readonly copyImages: (step: BuildStep) => { masks: number; isKept: boolean }[];
  readonly setSplits: (splits: readonly { id: number; split: Split }[]) => void;

  readonly #sources: Statement<
    [{ segmentationId: number; afterId: number; limit: number }],
    { image_id: number; state: SegmentedFile['state'] }
  >;
  readonly #concepts: Statement<[number], ConceptRow>;
  readonly #page: Statement<[{ versionId: number; afterId: number; limit: number }], ImageRow>;
  readonly #names: Statement<[{ versionId: number; afterId: number; limit: number }], ExportImageName>;
  readonly #namesIn: Statement<[{ rootPath: string; afterId: number; limit: number }], ExportImageName>;
  readonly #masksOf: Statement<[number], MaskRow>;
  readonly #mask: Statement<[number], MaskRow>;
  readonly #imageOfMask: Statement<[number], ImageRow>;
  readonly #roots: Statement<[number], { rootPath: string; sizeBytes: number }>;
  readonly #isInPlace: Statement<[ImageRow], number>;
  readonly #sameContent: Statement<[ImageRow], FileKey>;
  readonly #classCounts: Statement<[number], { classNumber: number; masks: number }>;
  readonly #sourceCounts: Statement<[Record<string, unknown>], SourceCount>;
  readonly #find: Statement<[number, string, string | Uint8Array], ImageRow>;

  constructor(db: WritableDb) {
    this.#sources = db.prepare(`
      SELECT s.image_id, CASE WHEN i.status IN ('missing', 'problem') THEN 'missing'
        WHEN i.hidden_by IS NOT NULL THEN 'hidden'
        WHEN i.content_hash <> s.content_hash THEN 'changed' ELSE 'same' END AS state
      FROM segmented_images s JOIN images i ON i.id = s.image_id
      WHERE s.segmentation_id = @segmentationId AND s.image_id > @afterId
        -- Preliminary masks have no class yet, and are about to be replaced.
        AND s.is_preliminary = 0
      ORDER BY s.image_id LIMIT @limit`);
    this.#concepts = db.prepare(`
      SELECT id, number, name, colour, is_background AS isBackground, is_likely_background AS isLikelyBackground,
        merged_into AS mergedInto,
        EXISTS (SELECT 1 FROM concept_images WHERE concept_id = c.id) AS hasMasks
      FROM concepts c WHERE segmentation_id = ? ORDER BY position IS NULL, position, number`);
    this.#page = db.prepare(
      'SELECT * FROM dataset_images WHERE version_id = @versionId AND id > @afterId ORDER BY id LIMIT @limit',
    );
    this.#names = db.prepare(`
      SELECT id, root_path AS rootPath, rel_path AS relPath FROM dataset_images
      WHERE version_id = @versionId AND id > @afterId ORDER BY id LIMIT @limit`);
    this.#namesIn = db.prepare(`
      SELECT id, @rootPath AS rootPath, rel_path AS relPath FROM images
      WHERE collection_id = (SELECT id FROM collections WHERE root_path = @rootPath) AND id > @afterId
      ORDER BY id LIMIT @limit`);
    this.#masksOf = db.prepare('SELECT * FROM dataset_masks WHERE image_id = ? ORDER BY id');
    this.#mask = db.prepare('SELECT * FROM dataset_masks WHERE id = ?');
    this.#imageOfMask = db.prepare(
      'SELECT * FROM dataset_images WHERE id = (SELECT image_id FROM dataset_masks WHERE id = ?)',
    );
    this.#roots = db.prepare(`
      SELECT root_path AS rootPath, sum(size_bytes) AS sizeBytes FROM dataset_images
      WHERE version_id = ? GROUP BY root_path`);
    this.#isInPlace = db
      .prepare<[ImageRow], number>(
        `SELECT EXISTS (SELECT 1 FROM collections c JOIN images i ON i.collection_id = c.id
           AND ifnull(i.path_bytes, i.rel_path) = ifnull(@path_bytes, @rel_path)
         WHERE c.root_path = @root_path AND i.content_hash = @content_hash AND i.status IN ('ok', 'changed'))`,
      )
      .pluck();
    this.#sameContent = db.prepare(`
      SELECT i.rel_path AS relPath, i.path_bytes AS pathBytes FROM collections c JOIN images i ON i.collection_id = c.id
      WHERE c.root_path = @root_path AND i.content_hash = @content_hash AND i.status IN ('ok', 'changed') LIMIT 1`);
    this.#classCounts = db.prepare(
      'SELECT class_number AS classNumber, count(*) AS masks FROM dataset_masks WHERE image_id = ? GROUP BY class_number',
    );
    this.#sourceCounts = db.prepare(`
      SELECT image_id AS imageId, concept_id AS conceptId, count(*) AS masks FROM masks m
      WHERE m.segmentation_id = @segmentationId AND m.image_id > @afterId AND m.image_id <= @lastId
        AND ${PASSES} GROUP BY image_id, concept_id`);
    this.#find = db.prepare(`
      SELECT * FROM dataset_images
      WHERE version_id = ? AND root_path = ? AND ifnull(path_bytes, rel_path) = ?`);
    const setSplit = db.prepare<[string, number]>('UPDATE dataset_images SET split = ? WHERE id = ?');
    this.setSplits = db.transaction((splits: readonly { id: number; split: Split }[]) => {
      for (const { id, split } of splits) setSplit.run(split, id);
    });
    this.copyImages = prepareCopy(db);
  }

  /** The finished images of a segmentation, by id. */
  sources(query: { segmentationId: SegmentationId; afterId: number; limit: number }): SegmentedFile[] {
    return this.#sources
      .all(query)
      .map(({ image_id, state }) => ({ imageId: ImageId.parse(image_id), state }));
  }

  /** The concepts of a segmentation, by position, then by number. */
  concepts(id: SegmentationId): SourceConcept[] {
    return this.#concepts.all(id).map((row) => ({
      ...row,
      isBackground: row.isBackground === 1,
      isLikelyBackground: row.isLikelyBackground === 1,
      hasMasks: row.hasMasks === 1,
    }));
  }

  /** Images of a version, by id. */
  page(query: { versionId: DatasetVersionId; afterId: number; limit: number }): DatasetImage[] {
    return this.#page.all(query).map((row) => this.#toImage(row));
  }

  /** Paths of a version's images, by id; with a folder, those of all images in its collection. */
  names(
    versionId: DatasetVersionId,
    { rootPath, ...after }: { rootPath: string | null; afterId: number; limit: number },
  ): ExportImageName[] {
    return rootPath === null
      ? this.#names.all({ versionId, ...after })
      : this.#namesIn.all({ rootPath, ...after });
  }

  #toImage(row: ImageRow): DatasetImage {
    const { rel_path: relPath, path_bytes: pathBytes } = row;
    const moved = this.#isInPlace.get(row) === 1 ? undefined : this.#sameContent.get(row);
    return toImage(row, moved ?? { relPath, pathBytes });
  }

  masksOf(imageId: number): DatasetMask[] {
    return this.#masksOf.all(imageId).map(toMask);
  }

  /** A mask with the image that it is of. */
  maskWithImage(id: DatasetMaskId): { mask: DatasetMask; image: DatasetImage } | undefined {
    const mask = this.#mask.get(id);
    const image = mask && this.#imageOfMask.get(id);
    return mask && image && { mask: toMask(mask), image: this.#toImage(image) };
  }

  /** The folders that contain the images of a version, with the size of the files in each. */
  roots(versionId: DatasetVersionId): { rootPath: string; sizeBytes: number }[] {
    return this.#roots.all(versionId);
  }

  /** Masks of an image by class; classes without any are not in it. */
  classCounts(imageId: number): { classNumber: number; masks: number }[] {
    return this.#classCounts.all(imageId);
  }

  /** Masks of a segmentation's images from behind `afterId` up to `lastId` that pass a filter. */
  sourceCounts(query: {
    segmentationId: SegmentationId;
    afterId: number;
    lastId: number;
    filter: MaskFilter;
  }): SourceCount[] {
    const { segmentationId, afterId, lastId, filter } = query;
    return this.#sourceCounts.all({ segmentationId, afterId, lastId, ...boundFilter(filter) });
  }

  /** The image of a version that has the same path as one of another version. */
  findSame(
    versionId: DatasetVersionId,
    { rootPath, relPath, pathBytes }: Pick<DatasetImage, 'rootPath' | 'relPath' | 'pathBytes'>,
  ): DatasetImage | undefined {
    const row = this.#find.get(versionId, rootPath, pathBytes ?? relPath);
    return row && this.#toImage(row);
  }
}

function prepareCopy(db: WritableDb): DatasetRowRepository['copyImages'] {
  const masks = db.prepare<
    [Omit<MaskFilter, 'reviews'> & { reviews: string } & Record<string, unknown>],
    SourceMaskRow
  >(`
    SELECT m.*, s.rle FROM masks m JOIN mask_shapes s ON s.mask_id = m.id
    WHERE m.segmentation_id = @segmentationId AND m.image_id = @imageId
      AND ${PASSES}
    ORDER BY m.score DESC, m.id`);
  const insertImage = db.prepare<[{ versionId: number; imageId: number }]>(`
    INSERT INTO dataset_images (version_id, root_path, rel_path, path_bytes, content_hash, size_bytes, mtime_ms,
      width_px, height_px, orientation, brightness, split)
    SELECT @versionId, c.root_path, i.rel_path, i.path_bytes, i.content_hash, i.size_bytes, i.mtime_ms,
      i.width_px, i.height_px, ifnull(i.orientation, 1), i.brightness, 'train'
    FROM images i JOIN collections c ON c.id = i.collection_id WHERE i.id = @imageId`);
  const insertMask = db.prepare<[Record<string, unknown>]>(`
    INSERT INTO dataset_masks (image_id, class_number, source_mask_id, x, y, width, height, area_px, score,
      stack_order, review, rle)
    VALUES (@dataset_image_id, @class_number, @id, @x, @y, @width, @height, @area_px, @score,
      @stack_order, @review, @rle)`);
  const copyOne = (imageId: ImageId, step: BuildStep) => {
    const { versionId, segmentationId, filter, classOf, keepEmptyImages } = step;
    const rows = masks.all({ segmentationId, imageId, ...boundFilter(filter) });
    const classed = rows.flatMap((row) => {
      const class_number = classOf(row.concept_id);
      return class_number === undefined ? [] : [{ ...row, class_number }];
    });
    if (classed.length === 0 && !keepEmptyImages) return { masks: 0, isKept: false };
    const dataset_image_id = Number(insertImage.run({ versionId, imageId }).lastInsertRowid);
    for (const mask of classed) insertMask.run({ ...mask, dataset_image_id });
    return { masks: classed.length, isKept: true };
  };
  return db.transaction((step: BuildStep) => step.imageIds.map((imageId) => copyOne(imageId, step)));
}

export function boundFilter({ level, reviews, minScore, minAreaPx, maxAreaPx }: MaskFilter) {
  return { level, minScore, minAreaPx, maxAreaPx, reviews: JSON.stringify(reviews) };
}

function toImage(row: ImageRow, file: FileKey): DatasetImage {
  return {
    file,
    id: row.id,
    rootPath: row.root_path,
    relPath: row.rel_path,
    pathBytes: row.path_bytes,
    contentHash: toHash(row.content_hash),
    sizeBytes: row.size_bytes,
    mtimeMs: row.mtime_ms,
    widthPx: row.width_px,
    heightPx: row.height_px,
    orientation: row.orientation,
    split: row.split,
  };
}

function toMask(row: MaskRow): DatasetMask {
  const { x, y, width, height } = row;
  return {
    id: DatasetMaskId.parse(row.id),
    classNumber: row.class_number,
    sourceMaskId: row.source_mask_id,
    box: { x, y, width, height },
    areaPx: row.area_px,
    score: row.score,
    stackOrder: row.stack_order,
    review: ReviewState.parse(row.review),
    rle: row.rle,
  };
}
