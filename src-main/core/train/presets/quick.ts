import { batchFor, lengthFor, stagedK, type Preset } from './preset.ts';

export const quick: Preset = {
  purpose: 'A first look in minutes on a laptop CPU: ResNet-18 at 128 px.',
  configure: (size) => {
    const batchSize = size.fixed.batchSize ?? batchFor(size.imageCount, 16);
    const { epochs, epochImages } = lengthFor(size, batchSize, { steps: 300, least: 5, most: 100 });
    return {
      encoder: 'resnet18',
      hidden: 1_024,
      embedding: 256,
      viewPx: 128,
      batchSize,
      epochs,
      epochImages,
      optimizer: 'sgd',
      optimizerMomentum: 0.9,
      weightDecay: 1e-4,
      trust: 1e-3,
      baseLr: 0.8,
      lrSchedule: 'cosine',
      warmupEpochs: Math.min(2, epochs / 10),
      scaleLrByK: 0,
      emaDecay: 0.99,
      kSchedule: stagedK(epochs, 32, 4, 5),
      superpixels: 60,
      compactness: 10,
      isWeightedByArea: false,
      parity: 'recommended',
      seed: 0,
      decodedPx: 320,
      checkpointMinutes: 2,
      previews: 10,
      previewImages: 6,
    };
  },
};
