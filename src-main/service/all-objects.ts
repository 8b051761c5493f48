import type { SegmentationId } from '../contract/ids.ts';
import type { ObjectRow } from '../store/review-queue.ts';
import type { Service } from './service.ts';

/** The objects of a segmentation, read a few milliseconds at a time: others get their turn between. */
export async function allObjects({ store }: Service, id: SegmentationId): Promise<ObjectRow[]> {
  const all: ObjectRow[] = [];
  for (let afterId = 0; ;) {
    const { objects, lastId } = store.reviewQueue.objects(id, afterId);
    for (const one of objects) all.push(one);
    if (lastId === null) return all;
    afterId = lastId;
    await new Promise(setImmediate);
  }
}

/** What each concept of a segmentation counts as. */
export function targetsOf({ store }: Service, id: SegmentationId): Map<number, number> {
  return new Map(store.concepts.of(id).map((one) => [one.id, one.mergedInto ?? one.id]));
}

/** Objects that are turned into numbers before others get their turn: a few milliseconds. */
const PACKED_AT_ONCE = 20_000;

/** Objects as numbers for a worker: float64, those that `numbersOf` gives of each. */
export async function packObjects(
  objects: readonly ObjectRow[],
  numbersOf: (object: ObjectRow) => readonly number[],
): Promise<Uint8Array> {
  const [first] = objects;
  const width = first ? numbersOf(first).length : 0;
  const packed = new Float64Array(objects.length * width);
  for (const [at, object] of objects.entries()) {
    packed.set(numbersOf(object), at * width);
    if (at % PACKED_AT_ONCE === PACKED_AT_ONCE - 1) await new Promise(setImmediate);
  }
  return new Uint8Array(packed.buffer);
}
