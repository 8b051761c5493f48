import type { SegmentationEvent } from '../../src-main/contract/event.ts';
import type { ImageId, SegmentationId } from '../../src-main/contract/ids.ts';

const MAX_ENTRIES = 200;

/** What changed of the segmentations lately, so that a list rereads only the images that it concerns. */
export class ChangeLog {
  /** Null: anything may have changed. */
  #entries: (SegmentationEvent | null)[] = [];
  #dropped = 0;

  /** A place in the log: all that comes later is new. */
  get mark(): number {
    return this.#dropped + this.#entries.length;
  }

  add(event: SegmentationEvent | null): void {
    this.#entries.push(event);
    if (this.#entries.length <= MAX_ENTRIES) return;
    this.#entries.shift();
    this.#dropped++;
  }

  /** @returns the images whose masks changed after a mark; null if anything of the segmentation may have changed */
  imagesSince(mark: number, id: SegmentationId): ReadonlySet<ImageId> | null {
    if (mark < this.#dropped) return null;
    const images = new Set<ImageId>();
    for (const event of this.#entries.slice(mark - this.#dropped)) {
      if (event !== null && event.segmentationId !== id) continue;
      if (event?.what !== 'masks' || event.imageIds === null) return null;
      for (const imageId of event.imageIds) images.add(imageId);
    }
    return images;
  }
}
