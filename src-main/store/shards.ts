import type { Statement } from 'better-sqlite3';
import { ImageId, type CollectionId, type ContentHash, type SegmentationId } from '../contract/ids.ts';
import type { RecipeImage } from '../domain/recipe.ts';
import type { WritableDb } from './connection.ts';
import { fromHash, toHash } from './image-row.ts';

/** An image of a content in a collection, and whether a segmentation has final masks of that content. */
export type SameContent = { imageId: ImageId; isDone: boolean };
/** An image without final masks of its present content. */
export type DueImage = { id: ImageId; contentHash: ContentHash; detail: string | null };

const dueSql = `
  SELECT i.id, i.content_hash, u.detail
  FROM segmentations s JOIN images i INDEXED BY images_by_collection ON i.collection_id = s.collection_id
    LEFT JOIN unread_images u ON u.segmentation_id = s.id AND u.image_id = i.id
  WHERE s.id = @segmentationId AND i.id > @afterId AND i.status IN ('ok', 'changed')
    AND NOT EXISTS (SELECT 1 FROM segmented_images d WHERE d.segmentation_id = s.id AND d.image_id = i.id
      AND d.content_hash = i.content_hash AND d.is_preliminary = 0)
  ORDER BY i.id LIMIT @limit`;

/** What shards need of the images of a collection: rows without a scan, and finding them by content. */
export class ShardRepository {
  /** Adds the images of a recipe to a collection, as a scan would that had found them. */
  readonly insertImages: (collectionId: CollectionId, images: Iterable<RecipeImage>) => void;
  readonly #sameContent: Statement<
    [{ segmentationId: number; contentHash: Uint8Array }],
    { id: number; is_done: number }
  >;
  readonly #due: Statement<
    [{ segmentationId: number; afterId: number; limit: number }],
    { id: number; content_hash: Uint8Array; detail: string | null }
  >;
  readonly #moveRoot: Statement<[string, number]>;

  constructor(db: WritableDb) {
    const insert = db.prepare(`
      INSERT INTO images
        (collection_id, rel_path, path_bytes, status, size_bytes, mtime_ms, seen_by_scan, content_hash, width_px, height_px)
      VALUES (?, ?, ?, 'ok', ?, 0, 0, ?, ?, ?)`);
    this.insertImages = db.transaction((collectionId: CollectionId, images: Iterable<RecipeImage>) => {
      for (const { relPath, pathBytes, sizeBytes, contentHash, widthPx, heightPx } of images) {
        insert.run(collectionId, relPath, pathBytes, sizeBytes, fromHash(contentHash), widthPx, heightPx);
      }
    });
    this.#sameContent = db.prepare(`
      SELECT i.id, EXISTS (SELECT 1 FROM segmented_images d WHERE d.segmentation_id = s.id AND d.image_id = i.id
        AND d.content_hash = i.content_hash AND d.is_preliminary = 0) AS is_done
      FROM segmentations s JOIN images i ON i.collection_id = s.collection_id
      WHERE s.id = @segmentationId AND i.content_hash = @contentHash AND i.status IN ('ok', 'changed')
      ORDER BY i.rel_path, i.id`);
    this.#due = db.prepare(dueSql);
    this.#moveRoot = db.prepare('UPDATE collections SET root_path = ? WHERE id = ?');
  }

  /** Usable images of the segmentation's collection that have this content, by path. */
  sameContent(segmentationId: SegmentationId, contentHash: ContentHash): SameContent[] {
    return this.#sameContent
      .all({ segmentationId, contentHash: fromHash(contentHash) })
      .map(({ id, is_done }) => ({ imageId: ImageId.parse(id), isDone: is_done === 1 }));
  }

  /** Usable images without final masks by id, from the one after `afterId`; with the reason for one that could not be read. */
  due(query: { segmentationId: SegmentationId; afterId: number; limit: number }): DueImage[] {
    return this.#due.all(query).map(({ id, content_hash, detail }) => ({
      id: ImageId.parse(id),
      contentHash: toHash(content_hash),
      detail,
    }));
  }

  /** For images that are elsewhere than when the work on a shard began. */
  moveRoot(collectionId: CollectionId, rootPath: string): void {
    this.#moveRoot.run(rootPath, collectionId);
  }
}
