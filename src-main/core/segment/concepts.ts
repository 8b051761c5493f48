import { kmeans } from '../superpixel/kmeans.ts';
import { drawsFor } from '../tensor/random.ts';
import { clusterRows, learnRowModel, type Descriptors, type RowModel } from './superpixel-rows.ts';

/** What was learned from a collection's superpixels: concepts, the same across all images. */
export type ConceptModel = {
  rowModel: RowModel;
  /** [count, dim] */
  centres: Float32Array;
  count: number;
};

/**
 * Finds concepts: k-means on colour and features.
 * @param descriptors superpixels, a sample over the whole collection
 */
export async function learnConcepts(
  descriptors: Descriptors,
  { conceptCount, seed }: { conceptCount: number; seed: number },
): Promise<ConceptModel> {
  const rowModel = learnRowModel(descriptors);
  const task = clusterRows(rowModel, descriptors);
  const draw = drawsFor({ seed, step: 0, stream: 'concepts' });
  const { centres } = await kmeans(task, conceptCount, draw);
  return { rowModel, centres: Float32Array.from(centres), count: centres.length / task.dim };
}

/** The concept of each superpixel. */
export function conceptsOf({ rowModel, centres, count }: ConceptModel, descriptors: Descriptors): Int32Array {
  const { rows, dim } = clusterRows(rowModel, descriptors);
  return Int32Array.from({ length: rows.length / dim }, (_, row) => {
    let best = 0;
    let least = Infinity;
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let d = 0; d < dim; d++) sum += ((rows[row * dim + d] ?? 0) - (centres[k * dim + d] ?? 0)) ** 2;
      if (sum < least) [least, best] = [sum, k];
    }
    return best;
  });
}
