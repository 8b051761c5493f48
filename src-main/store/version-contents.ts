import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import type { ContentsQuery, DatasetContent, Split } from '../contract/dataset.ts';
import { binOf, type MeasuredMask } from '../contract/mask-measure.ts';
import { DatasetMaskId } from '../contract/ids.ts';
import { decodeCursor, encodeCursor, type Page } from './cursor.ts';
import type { ReadableDb } from './connection.ts';
import { FROZEN_BRIGHTNESS } from './mask-measures.ts';

type OfImage = 'imageWidth' | 'imageHeight' | 'brightness';
type ImageRow = Pick<MeasuredMask, OfImage> & { id: number; relPath: string; split: Split };
type MaskRow = Omit<MeasuredMask, OfImage> & { id: number; classNumber: number };

const Position = z.tuple([z.number().int()]);

/** The masks of a dataset version, as they are looked at. */
export class VersionContents {
  readonly #images: Statement<[{ versionId: number; afterId: number; limit: number }], ImageRow>;
  readonly #masks: Statement<[number], MaskRow>;

  constructor(db: ReadableDb) {
    this.#images = db.prepare(`
      SELECT id, rel_path AS relPath, split, width_px AS imageWidth, height_px AS imageHeight, ${FROZEN_BRIGHTNESS}
      FROM dataset_images i WHERE version_id = @versionId AND id > @afterId ORDER BY id LIMIT @limit`);
    this.#masks = db.prepare(
      'SELECT id, class_number AS classNumber, score, area_px AS areaPx, x, y, width, height FROM dataset_masks WHERE image_id = ? ORDER BY id',
    );
  }

  /** The masks of `limit` images that are of the class and in the split asked for. @throws UserError BAD_INPUT */
  page({ id, classNumber, split, bar, cursor, limit }: ContentsQuery): Page<DatasetContent> {
    const [afterId] = cursor === null ? [0] : decodeCursor(cursor, Position);
    const images = this.#images.all({ versionId: id, afterId, limit });
    const items = images
      .filter((image) => split === undefined || image.split === split)
      .flatMap((image) =>
        this.#masks
          .all(image.id)
          .filter((mask) => classNumber === undefined || mask.classNumber === classNumber)
          .filter((mask) => !bar || binOf(bar.measure, { ...mask, ...image }) === bar.bin)
          .map((mask) => ({
            id: DatasetMaskId.parse(mask.id),
            classNumber: mask.classNumber,
            split: image.split,
            relPath: image.relPath,
          })),
      );
    const last = images.at(-1);
    return { items, nextCursor: last && images.length === limit ? encodeCursor([last.id]) : null };
  }
}
