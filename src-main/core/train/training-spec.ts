import type { PretrainConfig } from '../../contract/pretrain.ts';
import { ARCHITECTURES } from '../model/architectures.ts';
import { K_ALL_SUPERPIXELS, emaDecayAt, kAt, lrAt, stepCounts, type LrSchedule } from './schedules.ts';
import { epochOf, imagesPerEpoch } from './batch-order.ts';
import type { MaskTrainingSpec } from './mask-step.ts';
import type { OptimizerSpec } from './optimizer.ts';
import type { SuperpixelSpec } from './superpixel-cache.ts';
import type { TrainingSpec } from './update-step.ts';

/** Superpixels that the paper's code always asks for, whatever its setting (SPEC Q2). */
const OFFICIAL_SUPERPIXELS = 100;

/** What the training step is compiled for. */
export function trainingSpecOf(config: PretrainConfig): TrainingSpec {
  const { encoder, hidden, embedding, batchSize, viewPx, isWeightedByArea } = config;
  return {
    model: { encoder: ARCHITECTURES[encoder], hidden, embedding },
    optimizer: optimizerOf(config),
    batch: batchSize,
    viewPx,
    isWeightedByArea,
  };
}

/** Channels of the head with which an encoder learns from masks; test/bench/segment/NOTES.md. */
const MASK_HEAD_WIDTH = 48;

/** The same for a run that learns from masks. */
export function maskTrainingSpecOf({
  encoder,
  batchSize,
  viewPx,
  weightDecay,
}: PretrainConfig): MaskTrainingSpec {
  return {
    encoder: ARCHITECTURES[encoder],
    headWidth: MASK_HEAD_WIDTH,
    batch: batchSize,
    imagePx: viewPx,
    weightDecay,
  };
}

/** Images that are cut to be learned from, at most: test/bench/segment/NOTES.md. */
export const MOST_CUT_IMAGES = 600;

/** Whether a run learns from the collection's own masks, rather than from regions. */
export function learnsFromMasks({ objective }: Pick<PretrainConfig, 'objective'>): boolean {
  return objective === 'masks';
}

export function superpixelSpecOf(config: PretrainConfig): SuperpixelSpec {
  const { viewPx, superpixels, compactness, parity, decodedPx } = config;
  const isOfficial = parity === 'official';
  return {
    viewPx,
    segments: isOfficial ? OFFICIAL_SUPERPIXELS : superpixels,
    compactness,
    colours: isOfficial ? 'normalised' : 'plain',
    decodedPx,
  };
}

/** Scalars of a step: SPEC sections 9 and 10. */
export type Rates = {
  /** From 1. */
  epoch: number;
  /** K, or K_ALL_SUPERPIXELS. */
  regionCount: number;
  learningRate: number;
  emaDecay: number;
};

/** @param step from 0 */
export function ratesAt(config: PretrainConfig, imageCount: number, step: number): Rates {
  const epoch = epochOf(step, config, imageCount);
  const regionCount = kAt(config.kSchedule, epoch);
  const schedule = lrScheduleOf(config, imageCount);
  return {
    epoch,
    regionCount,
    learningRate: lrAt(schedule, step, regionCount),
    emaDecay: emaDecayAt(step, stepCounts(schedule).total, config.emaDecay),
  };
}

export function usesEverySuperpixel(regionCount: number): boolean {
  return regionCount === K_ALL_SUPERPIXELS;
}

function lrScheduleOf(config: PretrainConfig, imageCount: number): LrSchedule {
  return {
    type: config.lrSchedule,
    baseLr: config.baseLr,
    batchSize: config.batchSize,
    imageCount: imagesPerEpoch(config, imageCount),
    warmupEpochs: config.warmupEpochs,
    totalEpochs: config.epochs,
    scaleByK: config.scaleLrByK,
  };
}

function optimizerOf({ optimizer, optimizerMomentum, weightDecay, trust }: PretrainConfig): OptimizerSpec {
  // `configure` keeps it to runs that learn from masks.
  if (optimizer === 'adamw') throw new Error('R2O is trained by lars or sgd');
  const common = { momentum: optimizerMomentum, weightDecay };
  return optimizer === 'lars' ? { kind: 'lars', ...common, trust } : { kind: 'sgd', ...common };
}
