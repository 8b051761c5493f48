import type { Statement } from 'better-sqlite3';
import { CLASS_WITHOUT_CONCEPT, DatasetRecipe } from '../contract/dataset.ts';
import { DatasetVersionId, type ImageId, type SegmentationId } from '../contract/ids.ts';
import type { ExportedClass, ExportKey, ImportedMask } from '../domain/mask-import-rows.ts';
import type { ReadableDb } from './connection.ts';

type MaskRow = {
  mask_id: number;
  class_name: string;
  area_px: number;
  stack_order: number;
  width_px: number;
  height_px: number;
  rle: Uint8Array;
};
/** Some versions of a segmentation, or all of them where none is named. */
export type VersionsOf = { segmentationId: SegmentationId; versionIds: readonly DatasetVersionId[] };

/** Versions of a segmentation that are looked into where a file does not say which it is of: the newest. */
const MAX_VERSIONS = 20;

/** What dataset versions hold of the masks of a segmentation: what tools were given, to compare with what comes back. */
export class ExportedMaskReader {
  readonly #version: Statement<[ExportKey], number>;
  readonly #versions: Statement<[number], { id: number; recipe: string }>;
  readonly #conceptNames: Statement<[number], string>;
  readonly #image: Statement<[{ versionId: number; imageId: number }], number>;
  readonly #masks: Statement<[number], MaskRow>;

  constructor(db: ReadableDb) {
    this.#version = db
      .prepare<[ExportKey], number>(
        `SELECT v.id FROM exports e JOIN dataset_versions v ON v.id = e.version_id
         WHERE e.id = @exportId AND e.created_at_ms = @startedAtMs AND v.state = 'frozen'`,
      )
      .pluck();
    this.#versions = db.prepare(`
      SELECT v.id, v.recipe FROM dataset_versions v
      WHERE v.state = 'frozen' AND EXISTS (SELECT 1 FROM json_each(v.recipe, '$.segmentationIds') WHERE value = ?)
      ORDER BY v.id DESC LIMIT ${MAX_VERSIONS}`);
    this.#conceptNames = db
      .prepare<[number], string>(
        `SELECT ifnull(name, 'concept-' || number) FROM concepts WHERE segmentation_id = ?`,
      )
      .pluck();
    this.#image = db
      .prepare<[{ versionId: number; imageId: number }], number>(
        `SELECT d.id FROM images i JOIN collections c ON c.id = i.collection_id
           JOIN dataset_images d ON d.version_id = @versionId AND d.root_path = c.root_path
             AND ifnull(d.path_bytes, d.rel_path) = ifnull(i.path_bytes, i.rel_path)
         WHERE i.id = @imageId AND d.content_hash = i.content_hash`,
      )
      .pluck();
    this.#masks = db.prepare(`
      SELECT m.source_mask_id AS mask_id, c.name AS class_name, m.area_px, m.stack_order, i.width_px, i.height_px, m.rle
      FROM dataset_masks m JOIN dataset_images i ON i.id = m.image_id
        JOIN dataset_classes c ON c.version_id = i.version_id AND c.number = m.class_number
      WHERE m.image_id = ? AND m.source_mask_id IS NOT NULL ORDER BY m.id`);
  }

  /** The version that an export of this data folder is of, while it exists. */
  versionOf(key: ExportKey): DatasetVersionId | null {
    const id = this.#version.get(key);
    return id === undefined ? null : DatasetVersionId.parse(id);
  }

  /** Classes that versions gave to concepts of other names; one that is also the name of a concept stands for that. */
  classes(asked: VersionsOf): ExportedClass[] {
    const names = new Set(this.#conceptNames.all(asked.segmentationId));
    const itself = names.has(CLASS_WITHOUT_CONCEPT) ? [CLASS_WITHOUT_CONCEPT] : [];
    const concepts = new Map<string, Set<string | null>>();
    for (const { recipe } of this.#versionRows(asked)) {
      const { oneClass, rename } = DatasetRecipe.parse(JSON.parse(recipe)).classes;
      const given: [string | null, string][] =
        oneClass === null ? Object.entries(rename) : [[null, oneClass]];
      for (const [concept, className] of given) {
        concepts.set(className, (concepts.get(className) ?? new Set()).add(concept));
      }
    }
    const renamed = [...concepts].flatMap(([className, of]): ExportedClass[] => {
      const [concept = null, ...others] = of;
      if (names.has(className) || (others.length > 0 && !of.has(null))) return [];
      return [{ className, concept: of.has(null) ? null : concept }];
    });
    return [...renamed, ...itself.map((name) => ({ className: name, concept: name }))];
  }

  /**
   * The masks of an image by the id that they were copied from: the shape in the newest version that has them, and
   * their classes in all. Null if no version has the image.
   */
  masksOf(imageId: ImageId, asked: VersionsOf): Map<number, NonNullable<ImportedMask['exported']>> | null {
    const masks = new Map<number, NonNullable<ImportedMask['exported']>>();
    let isExported = false;
    for (const { id: versionId } of this.#versionRows(asked)) {
      const image = this.#image.get({ versionId, imageId });
      if (image === undefined) continue;
      isExported = true;
      for (const row of this.#masks.all(image)) {
        const known = masks.get(row.mask_id);
        if (!known) masks.set(row.mask_id, toExported(row));
        else if (!known.classNames.includes(row.class_name)) known.classNames.push(row.class_name);
      }
    }
    return isExported ? masks : null;
  }

  #versionRows({ segmentationId, versionIds }: VersionsOf): { id: number; recipe: string }[] {
    const rows = this.#versions.all(segmentationId);
    return versionIds.length === 0 ? rows : rows.filter(({ id }) => versionIds.some((one) => one === id));
  }
}

function toExported({
  width_px,
  height_px,
  rle,
  area_px,
  stack_order,
  class_name,
}: MaskRow): NonNullable<ImportedMask['exported']> {
  const shape = { gridWidth: width_px, gridHeight: height_px, rle };
  return { shape, areaPx: area_px, stackOrder: stack_order, classNames: [class_name] };
}
