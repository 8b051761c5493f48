import { batchFor, lengthFor, stagedK, type Preset } from './preset.ts';

export const balanced: Preset = {
  purpose: 'A longer run, an hour on a CPU or minutes on a GPU: ResNet-18 at 160 px.',
  configure: (size) => {
    const batchSize = size.fixed.batchSize ?? batchFor(size.imageCount, 16);
    const { epochs, epochImages } = lengthFor(size, batchSize, { steps: 1_500, least: 8, most: 300 });
    return {
      encoder: 'resnet18',
      hidden: 1_024,
      embedding: 256,
      viewPx: 160,
      batchSize,
      epochs,
      epochImages,
      optimizer: 'sgd',
      optimizerMomentum: 0.9,
      weightDecay: 1e-4,
      trust: 1e-3,
      baseLr: 0.8,
      lrSchedule: 'cosine',
      warmupEpochs: Math.min(5, epochs / 10),
      scaleLrByK: 0,
      emaDecay: 0.99,
      kSchedule: stagedK(epochs, 32, 4, 8),
      superpixels: 100,
      compactness: 10,
      isWeightedByArea: false,
      parity: 'recommended',
      seed: 0,
      decodedPx: 512,
      checkpointMinutes: 5,
      previews: 30,
      previewImages: 8,
    };
  },
};
