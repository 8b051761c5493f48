import type { SegmentSettings } from '../../contract/segmentation.ts';
import { learnConcepts } from './concepts.ts';
import type { Embedding, ImagePixels } from './evidence.ts';
import { hasEvenGround, type CollectionModel } from './segment-image.ts';

/** Superpixels that are kept in memory: 30,000 of 256 numbers are 30 MB. */
const MAX_ROWS = 30_000;

/** Superpixels of some images of a collection, gathered to learn from; memory is bounded. */
export class CollectionSample {
  readonly #rows: Float32Array[] = [];
  readonly #rowsAnImage: number;
  #dim = 0;
  #images = 0;
  #evenGrounds = 0;

  /** @param imageCount images that will be added */
  constructor(imageCount: number) {
    this.#rowsAnImage = Math.max(8, Math.floor(MAX_ROWS / Math.max(imageCount, 1)));
  }

  add({ pixels, embedding }: { pixels: ImagePixels; embedding: Embedding }): void {
    const { features, dim } = embedding;
    const count = embedding.map.count;
    const kept = Math.min(count, this.#rowsAnImage);
    const rows = new Float32Array(kept * dim);
    for (let at = 0; at < kept; at++) {
      const row = Math.floor((at * count) / kept);
      rows.set(features.subarray(row * dim, (row + 1) * dim), at * dim);
    }
    this.#rows.push(rows);
    this.#dim = dim;
    this.#images++;
    if (hasEvenGround(pixels)) this.#evenGrounds++;
  }

  /** @throws Error where no image was added */
  async learn(settings: SegmentSettings): Promise<CollectionModel> {
    const rows = new Float32Array(this.#rows.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#rows) {
      rows.set(part, at);
      at += part.length;
    }
    return {
      concepts: await learnConcepts(rows, this.#dim, settings),
      isEvenGround: this.#evenGrounds * 2 > this.#images,
    };
  }
}
