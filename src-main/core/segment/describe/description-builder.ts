import {
  describedVectors,
  learnDescriptionModel,
  vectorDim,
  type DescriptionModel,
} from './description-model.ts';
import type { Descriptions } from './description-file.ts';
import type { RawDescriptors } from './raw-descriptors.ts';

/** What a vector is of. `maskId` is 0 for the image as a whole. */
export type DescribedRow = { maskId: number; imageId: number; revision: number; level: number };

/** Puts descriptions together: those that are still valid, and new ones. */
export class DescriptionBuilder {
  readonly #sampleImages: number;
  readonly #rows: DescribedRow[] = [];
  readonly #vectors: Float32Array[] = [];
  #waiting: { rows: readonly DescribedRow[]; raw: RawDescriptors }[] = [];
  #model: DescriptionModel | undefined;

  /** @param options `sampleImages`: the number of images that axes are fitted to, if none are known */
  constructor({ before, sampleImages }: { before: Descriptions | undefined; sampleImages: number }) {
    this.#model = before?.model;
    this.#sampleImages = sampleImages;
  }

  /** Takes over those of `before` that are still wanted. @returns the keys of what was taken over, see `keyOf` */
  keep(before: Descriptions, wanted: ReadonlyMap<number, number>): Set<number> {
    const { dim, vectors } = before;
    const kept = new Set<number>();
    const places: number[] = [];
    before.maskIds.forEach((maskId, at) => {
      const row = {
        maskId,
        imageId: before.imageIds[at] ?? 0,
        revision: before.revisions[at] ?? 0,
        level: before.levels[at] ?? 0,
      };
      const key = keyOf(row);
      if (wanted.get(key) !== row.revision || kept.has(key)) return;
      kept.add(key);
      this.#rows.push(row);
      places.push(at);
    });
    const taken = new Float32Array(places.length * dim);
    places.forEach((from, to) => taken.set(vectors.subarray(from * dim, (from + 1) * dim), to * dim));
    this.#vectors.push(taken);
    return kept;
  }

  /** Adds an image with its masks: one descriptor per row. */
  add(rows: readonly DescribedRow[], raw: RawDescriptors): void {
    this.#waiting.push({ rows, raw });
    if (this.#model || this.#waiting.length >= this.#sampleImages) this.#settle();
  }

  /** All that has been added so far; undefined while there is nothing. */
  build(): Descriptions | undefined {
    if (!this.#model && this.#waiting.length === 0) return undefined;
    const model = this.#settle();
    const dim = vectorDim(model);
    const rows = this.#rows;
    const vectors = new Float32Array(rows.length * dim);
    let to = 0;
    for (const part of this.#vectors) {
      vectors.set(part, to);
      to += part.length;
    }
    return {
      model,
      dim,
      vectors,
      maskIds: Int32Array.from(rows, ({ maskId }) => maskId),
      imageIds: Int32Array.from(rows, ({ imageId }) => imageId),
      revisions: Int32Array.from(rows, ({ revision }) => revision),
      levels: Uint8Array.from(rows, ({ level }) => level),
    };
  }

  /** Turns what waits for axes into vectors. */
  #settle(): DescriptionModel {
    const model = (this.#model ??= learnDescriptionModel(joined(this.#waiting.map(({ raw }) => raw))));
    for (const { rows, raw } of this.#waiting) {
      this.#rows.push(...rows);
      this.#vectors.push(describedVectors(model, raw));
    }
    this.#waiting = [];
    return model;
  }
}

/** Distinguishes rows: the mask's id, or for an image its negative. */
export function keyOf({ maskId, imageId }: Pick<DescribedRow, 'maskId' | 'imageId'>): number {
  return maskId > 0 ? maskId : -imageId;
}

function joined(parts: readonly RawDescriptors[]): RawDescriptors {
  const width = parts[0]?.width ?? 1;
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let to = 0;
  for (const part of parts) {
    values.set(part.values, to);
    to += part.values.length;
  }
  return { values, width };
}
