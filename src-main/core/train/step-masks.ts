import type { PretrainConfig } from '../../contract/pretrain.ts';
import { softMasks } from '../superpixel/superpixel-masks.ts';
import type { ImageSuperpixels } from './batch.ts';

/** Superpixels on layer3's grid as the cluster step takes them: [B, slots, cells]. */
export function coarseMasks(images: readonly ImageSuperpixels[], slots: number, side: number): Float32Array {
  const cells = side * side;
  const masks = new Float32Array(images.length * slots * cells);
  images.forEach(({ coarse, count }, image) => {
    const dense = softMasks(coarse, count); // [cells, count]
    const offset = image * slots * cells;
    for (let cell = 0; cell < cells; cell++) {
      for (let label = 0; label < count; label++) {
        masks[offset + label * cells + cell] = dense[cell * count + label] ?? 0;
      }
    }
  });
  return masks;
}

/** Rows of empty masks all hold the same embedding, which says nothing about the features. */
export function nonEmptyRows(
  masks: Float32Array,
  projections: Float32Array,
  { embedding }: PretrainConfig,
): (row: number) => boolean {
  const cells = masks.length / (projections.length / embedding);
  return (row) => masks.subarray(row * cells, (row + 1) * cells).some((value) => value > 0);
}
