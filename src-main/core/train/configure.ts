import { UserError } from '../../contract/errors.ts';
import { PretrainConfig, type PresetName, type PretrainOverrides } from '../../contract/pretrain.ts';
import { balanced } from './presets/balanced.ts';
import { paper } from './presets/paper.ts';
import type { Preset } from './presets/preset.ts';
import { quick } from './presets/quick.ts';

/** Fewer images than this make no run: K-means needs rows of several images, normalisation needs a batch. */
const MIN_IMAGES = 4;

const PRESETS: Record<PresetName, Preset> = { quick, balanced, paper };

/** What a preset is for, as one sentence. */
export function purposeOf(preset: PresetName): string {
  return PRESETS[preset].purpose;
}

/**
 * The whole configuration of a run: a preset made for the size of the collection, with a person's settings on top.
 * @param imageCount usable images with different content
 * @throws UserError BAD_INPUT for settings that do not go together, or too few images
 */
export function configure(preset: PresetName, imageCount: number, fixed: PretrainOverrides): PretrainConfig {
  if (imageCount < MIN_IMAGES) {
    throw new UserError(
      'BAD_INPUT',
      `Pretraining needs at least ${MIN_IMAGES} different images, but this collection has ${imageCount}.`,
      { hint: 'Add images to its folder and rescan it; a few hundred are a good start.' },
    );
  }
  const config = PretrainConfig.parse({ ...PRESETS[preset].configure({ imageCount, fixed }), ...fixed });
  refuse(
    config.batchSize > imageCount,
    `A batch of ${config.batchSize} needs at least as many images, but this collection has ${imageCount}.`,
    `Set batchSize to ${imageCount} or less.`,
  );
  refuse(
    config.epochImages !== null && config.epochImages < config.batchSize,
    `An epoch of ${config.epochImages} images is smaller than a batch of ${config.batchSize}.`,
    `Set epochImages to ${config.batchSize} or more, or to null for all images.`,
  );
  const { epochs, values, type } = config.kSchedule;
  const points = type === 'cosine' ? 2 : 1;
  refuse(
    epochs.length !== values.length ||
      epochs.length < points ||
      epochs.some((epoch, i) => i > 0 && epoch <= (epochs[i - 1] ?? 0)),
    `kSchedule needs the same number of values and epochs, at least ${points}, and the epochs must increase.`,
    'For example: {"type":"cosine","epochs":[0,300],"values":[128,4]}',
  );
  return config;
}

function refuse(isWrong: boolean, message: string, hint: string): void {
  if (isWrong) throw new UserError('BAD_INPUT', message, { hint });
}
