import { batchFor, epochsFor, stagedK, type Preset } from './preset.ts';

export const quick: Preset = {
  purpose: 'A first look in minutes on a laptop CPU: ResNet-18 at 128 px.',
  configure: ({ imageCount, fixed }) => {
    const batchSize = fixed.batchSize ?? batchFor(imageCount, 16);
    const epochs = fixed.epochs ?? epochsFor({ imageCount, batchSize }, { steps: 300, least: 1, most: 100 });
    return {
      encoder: 'resnet18',
      hidden: 1_024,
      embedding: 256,
      viewPx: 128,
      batchSize,
      epochs,
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
