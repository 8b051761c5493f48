import Database from 'better-sqlite3';
import { ContentHash, ImageId, type CollectionId, type SegmentationId } from '../../src-main/contract/ids.ts';
import { encodeRle } from '../../src-main/core/mask/rle.ts';
import type { Service } from '../../src-main/service/service.ts';
import type { NewMask } from '../../src-main/store/segmentations.ts';
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
    ...{ collectionId, name: 'objects', settings: {}, device: 'onnx:cpu', createdAtMs: 1 },
  });
  const concepts = CONCEPTS.map((colour, number) =>
    segmentations.insertConcept({ ...{ segmentationId, number, name: null, colour, isBackground: false } }),
  );
  const discs = Array.from({ length: 8 }, (_, index) =>
    disc(60 + 28 * index, 60 + 17 * index, 26 + 4 * index),
  );
  const images = db.prepare<[number], { id: number; hash: string }>(
    'SELECT id, hex(content_hash) AS hash FROM images WHERE collection_id = ?',
  );
  for (const [index, { id, hash }] of images.all(collectionId).entries()) {
    const masks = Array.from({ length: MASKS_PER_IMAGE }, (_, rank): NewMask => {
      const shape = discs[(index + rank * 3) % discs.length];
      if (!shape) throw new Error('no disc');
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

function disc(x: number, y: number, radius: number) {
  const { widthPx, heightPx } = GRID;
  const data = Uint8Array.from({ length: widthPx * heightPx }, (_, at) =>
    Number(Math.hypot((at % widthPx) - x, Math.floor(at / widthPx) - y) <= radius),
  );
  const mask = encodeRle({ data, ...GRID });
  if (!mask) throw new Error('an empty disc');
  return mask;
}
