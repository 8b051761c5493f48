import Database from 'better-sqlite3';
import { ContentHash, ImageId, type CollectionId, type SegmentationId } from '../../src-main/contract/ids.ts';
import { encodeRuns, type EncodedMask } from '../../src-main/core/mask/rle.ts';
import type { Service } from '../../src-main/service/service.ts';
import type { NewMask } from '../../src-main/store/preliminary-masks.ts';
import { Store } from '../../src-main/store/database.ts';

const GRID = { widthPx: 320, heightPx: 240 };
const MASKS_PER_IMAGE = 3;
const CONCEPTS = ['#4a6fa5', '#c0703a', '#3f8f6b', '#8a5aa8'];

/** A segmentation of every image of a collection, with three discs on each, as a job would save it. */
export function manyMasks(service: Service, collectionId: CollectionId): SegmentationId {
  const db = new Database(service.layout.database);
  db.pragma('foreign_keys = ON');
  // One transaction for all; the store makes one for each image.
  using store = new Store(db);
  return db.transaction(() => saveAll(db, store, collectionId))();
}

function saveAll(db: Database.Database, store: Store, collectionId: CollectionId): SegmentationId {
  const { segmentations } = store;
  const segmentationId = segmentations.insert({
    collectionId,
    name: 'objects',
    settings: {},
    device: 'onnx:cpu',
    createdAtMs: 1,
  });
  const concepts = CONCEPTS.map((colour, place) =>
    segmentations.insertConcept({
      segmentationId,
      number: place + 1,
      name: null,
      colour,
      isBackground: false,
    }),
  );
  const images = db.prepare<[number], { id: number; hash: string }>(
    'SELECT id, hex(content_hash) AS hash FROM images WHERE collection_id = ?',
  );
  for (const [index, { id, hash }] of images.all(collectionId).entries()) {
    const masks = Array.from({ length: MASKS_PER_IMAGE }, (_, rank): NewMask => {
      // Elsewhere on each of some thousands of images: a picture of them is not that of another one near it.
      const place = index * MASKS_PER_IMAGE + rank;
      const shape = disc(60 + ((place * 37) % 200), 60 + ((place * 53) % 120), 20 + (place % 31));
      const conceptId = concepts[(index + rank) % concepts.length] ?? null;
      const score = ((index * 7 + rank * 3) % 100) / 100;
      return { ...shape, conceptId, origin: 'model', level: 0, score };
    });
    const contentHash = ContentHash.parse(hash.toLowerCase());
    const imageId = ImageId.parse(id);
    segmentations.saveImage({ segmentationId, imageId, contentHash, finishedAtMs: 1, masks });
  }
  return segmentationId;
}

function disc(x: number, y: number, radius: number): EncodedMask {
  const { widthPx, heightPx } = GRID;
  const runs = [0];
  // Column by column; a run goes on where the next one is of the same kind.
  for (let column = 0; column < widthPx; column++) {
    const half = Math.floor(Math.sqrt(Math.max(0, radius ** 2 - (column - x) ** 2)));
    const isBeside = Math.abs(column - x) > radius;
    const [above, inside] = isBeside ? [heightPx, 0] : [y - half, 2 * half + 1];
    runs.push((runs.pop() ?? 0) + above);
    if (inside > 0) runs.push(inside, heightPx - above - inside);
  }
  const mask = encodeRuns(runs, widthPx, heightPx);
  if (!mask) throw new Error('an empty disc');
  return mask;
}
