import { userError } from '../../contract/errors.ts';
import { PretrainConfig, type PresetName, type PretrainOverrides } from '../../contract/pretrain.ts';
import { balanced } from './presets/balanced.ts';
import { masks } from './presets/masks.ts';
import { paper } from './presets/paper.ts';
import type { Preset } from './presets/preset.ts';
import { quick } from './presets/quick.ts';
import { learnsFromMasks } from './training-spec.ts';

/** Fewer images than this make no run: K-means needs rows of several images, normalisation needs a batch. */
const MIN_IMAGES = 4;

const PRESETS: Record<PresetName, Preset> = { quick, balanced, paper, masks };

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
    throw userError('too-few-images', { least: MIN_IMAGES, count: imageCount });
  }
  const config = PretrainConfig.parse({ ...PRESETS[preset].configure({ imageCount, fixed }), ...fixed });
  const { batchSize, epochImages, kSchedule } = config;
  if (batchSize > imageCount) throw userError('batch-too-large', { batchSize, count: imageCount });
  if (epochImages !== null && epochImages < batchSize)
    throw userError('epoch-too-small', { epochImages, batchSize });
  refuseUnordered(kSchedule);
  refuseOtherOptimizer(config);
  return config;
}

function refuseOtherOptimizer(config: PretrainConfig): void {
  const isForMasks = config.optimizer === 'adamw';
  if (isForMasks === learnsFromMasks(config)) return;
  throw userError(isForMasks ? 'optimizer-of-masks' : 'optimizer-of-regions');
}

function refuseUnordered({ epochs, values, type }: PretrainConfig['kSchedule']): void {
  const points = type === 'cosine' ? 2 : 1;
  const isOrdered = epochs.every((epoch, i) => i === 0 || epoch > (epochs[i - 1] ?? 0));
  if (epochs.length === values.length && epochs.length >= points && isOrdered) return;
  const example = '{"type":"cosine","epochs":[0,300],"values":[128,4]}';
  throw userError('k-schedule', { points, example });
}
