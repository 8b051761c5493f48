/**
 * An encoder that learns from the collection's own masks, measured in test/bench/segment/NOTES.md: half of ResNet-18 at
 * 96 px, a rate of 2e-3 for a batch of 24. What is of regions only has no effect.
 */
import { batchFor, lengthFor, type Preset } from './preset.ts';

const BATCH = 24;
const LEARNING_RATE = 2e-3;

export const masks: Preset = {
  purpose:
    "An encoder that learns from the collection's own masks, in minutes: for varied photos, better foregrounds.",
  configure: (size) => {
    const batchSize = size.fixed.batchSize ?? batchFor(size.imageCount, BATCH);
    const { epochs, epochImages } = lengthFor(size, batchSize, { steps: 250, least: 5, most: 300 });
    return {
      objective: 'masks',
      encoder: 'resnet18-half',
      hidden: 1_024,
      embedding: 256,
      viewPx: 96,
      batchSize,
      epochs,
      epochImages,
      optimizer: 'adamw',
      optimizerMomentum: 0.9,
      weightDecay: 0.01,
      trust: 1e-3,
      // The same rate for each batch: AdamW's steps hardly grow with it.
      baseLr: (LEARNING_RATE * 256) / batchSize,
      lrSchedule: 'cosine',
      warmupEpochs: epochs / 4,
      scaleLrByK: 0,
      emaDecay: 0.99,
      kSchedule: { type: 'constant', epochs: [1], values: [4] },
      superpixels: 60,
      compactness: 10,
      isWeightedByArea: false,
      parity: 'recommended',
      seed: 0,
      decodedPx: 192,
      checkpointMinutes: 2,
      previews: 0,
      previewImages: 1,
    };
  },
};
