import type { Statement } from 'better-sqlite3';
import type { CollectionId, ImageId } from '../contract/ids.ts';
import type { TagCount } from '../contract/tags.ts';
import type { WritableDb } from './connection.ts';

/** Words that people give images. */
export class TagRepository {
  readonly #ofCollection: Statement<[number], TagCount>;
  readonly #ofImage: Statement<[number], { tag: string }>;
  readonly #change: (
    imageIds: readonly ImageId[],
    add: readonly string[],
    remove: readonly string[],
  ) => number;

  constructor(db: WritableDb) {
    this.#ofCollection = db.prepare(`
      SELECT tag, count(*) AS images FROM image_tags t JOIN images i ON i.id = t.image_id
      WHERE i.collection_id = ? GROUP BY tag ORDER BY tag COLLATE NOCASE, tag`);
    this.#ofImage = db.prepare('SELECT tag FROM image_tags WHERE image_id = ? ORDER BY tag');
    const insert = db.prepare<[string, number]>(
      'INSERT OR IGNORE INTO image_tags (tag, image_id) VALUES (?, ?)',
    );
    const remove = db.prepare<[string, number]>('DELETE FROM image_tags WHERE tag = ? AND image_id = ?');
    this.#change = db.transaction(
      (imageIds: readonly ImageId[], added: readonly string[], removed: readonly string[]) => {
        let changed = 0;
        for (const id of imageIds) {
          let changes = 0;
          for (const tag of added) changes += insert.run(tag, id).changes;
          for (const tag of removed) changes += remove.run(tag, id).changes;
          if (changes > 0) changed++;
        }
        return changed;
      },
    );
  }

  /** Tags of a collection's images, by name. */
  ofCollection(id: CollectionId): TagCount[] {
    return this.#ofCollection.all(id);
  }

  /** Tags that any of these images has, by name. */
  ofImages(ids: readonly ImageId[]): TagCount[] {
    const counts = new Map<string, number>();
    for (const id of ids)
      for (const { tag } of this.#ofImage.all(id)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    return [...counts]
      .map(([tag, images]) => ({ tag, images }))
      .sort((a, b) => a.tag.localeCompare(b.tag, 'en') || (a.tag < b.tag ? -1 : 1));
  }

  /** Gives images tags and takes others away, all or nothing. @returns images that are different now */
  change(imageIds: readonly ImageId[], add: readonly string[], remove: readonly string[]): number {
    return this.#change(imageIds, add, remove);
  }
}
