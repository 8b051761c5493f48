/**
 * R2O's own settings (arXiv 2208.11821; the official 300-epoch ImageNet configuration): ResNet-50 at 224 px, K from
 * 128 to 4, LARS. Made for a GPU and for 10,000 images and more; there the paper trains with 4,096 images per step on
 * 128 GPUs. The batch here is the paper's per GPU, so that K-means sees what it saw (SPEC Q17).
 */
import type { Preset } from './preset.ts';

export const paper: Preset = {
  purpose:
    "The paper's own settings: ResNet-50 at 224 px. For a GPU and collections of at least 10,000 images.",
  configure: ({ imageCount, fixed }) => {
    const epochs = fixed.epochs ?? 300;
    return {
      encoder: 'resnet50',
      hidden: 4_096,
      embedding: 256,
      viewPx: 224,
      batchSize: Math.min(32, imageCount),
      epochs,
      epochImages: null,
      optimizer: 'lars',
      optimizerMomentum: 0.9,
      weightDecay: 1e-6,
      trust: 1e-3,
      baseLr: 0.3,
      lrSchedule: 'cosine',
      warmupEpochs: 10,
      scaleLrByK: 16,
      emaDecay: 0.99,
      kSchedule: { type: 'cosine', epochs: [0, epochs], values: [128, 4] },
      superpixels: 100,
      compactness: 10,
      isWeightedByArea: false,
      parity: 'recommended',
      seed: 0,
      decodedPx: 768,
      checkpointMinutes: 15,
      previews: 60,
      previewImages: 8,
    };
  },
};
