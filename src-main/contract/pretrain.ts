import { z } from 'zod';
import { ErrorInfo } from './errors.ts';

/** Encoders that can be pretrained here, laid out as torchvision does; the half has half of ResNet-18's channels. */
export const EncoderName = z.enum(['resnet18', 'resnet18-half', 'resnet50']);
export type EncoderName = z.infer<typeof EncoderName>;

/** How K, the number of regions, goes over the epochs (R2O, SPEC section 10). */
const KScheduleConfig = z.object({
  type: z.enum(['cosine', 'linear', 'piecewise', 'constant']),
  epochs: z.array(z.number().min(0)).min(1),
  values: z.array(z.number().min(1)).min(1),
});

/**
 * Everything that decides what a pretraining computes: with the same configuration, images and device it gives
 * the same weights, bit for bit. Names and defaults follow the paper's code where it has them.
 */
export const PretrainConfig = z.object({
  /** What is learned from: regions, as R2O does, or the collection's own masks. Left out in runs of older versions: R2O. */
  objective: z.enum(['r2o', 'masks']).optional(),
  encoder: EncoderName,
  /** Hidden width of projector and predictor. */
  hidden: z.number().int().min(16).max(8_192),
  /** Width of the embeddings that are compared. */
  embedding: z.number().int().min(8).max(2_048),
  /** Side of a view, in pixels. */
  viewPx: z.number().int().min(64).max(512).multipleOf(32),
  /** Images of a step; each gives two views, or one with its mask. */
  batchSize: z.number().int().min(2).max(4_096),
  epochs: z.number().int().min(1).max(100_000),
  /** Images of an epoch, drawn anew for each from a larger collection; null: all. */
  epochImages: z.number().int().min(2).max(10_000_000).nullable(),

  /** `adamw` learns from masks, the others from regions. */
  optimizer: z.enum(['lars', 'sgd', 'adamw']),
  optimizerMomentum: z.number().min(0).max(0.999),
  weightDecay: z.number().min(0).max(1),
  /** LARS' trust coefficient. */
  trust: z.number().positive().max(1),
  /** Learning rate at a batch of 256. */
  baseLr: z.number().positive().max(1_000),
  lrSchedule: z.enum(['cosine', 'piecewise']),
  warmupEpochs: z.number().min(0),
  /** K at which the rate is the plain one; 0: the rate does not follow K. 16 in the paper's code. */
  scaleLrByK: z.number().min(0),
  /** Decay of the target network at the start; it goes to 1 over the run. */
  emaDecay: z.number().min(0).max(1),

  kSchedule: KScheduleConfig,
  /** Superpixels asked for in each spanning view; SLIC gives fewer. */
  superpixels: z.number().int().min(4).max(1_000),
  compactness: z.number().positive().max(1_000),
  /** Regions count in the loss by their area. */
  isWeightedByArea: z.boolean(),
  /** `official` repeats the slips of the paper's code (SPEC section 12) for comparison with it. */
  parity: z.enum(['recommended', 'official']),
  seed: z.number().int().min(0).max(0xffffffff),

  /** Longer side at which photos are kept decoded; crops are cut from that. */
  decodedPx: z.number().int().min(64).max(4_096),
  checkpointMinutes: z.number().positive().max(1_440),
  /** Region maps of the preview images that are taken over the run. */
  previews: z.number().int().min(0).max(1_000),
  previewImages: z.number().int().min(1).max(64),
});
export type PretrainConfig = z.infer<typeof PretrainConfig>;

/** Some settings of a configuration; those left out are the preset's, as is what it learns from. */
export const PretrainOverrides = PretrainConfig.omit({ objective: true }).partial().strict();
export type PretrainOverrides = z.infer<typeof PretrainOverrides>;

export const PresetName = z.enum(['quick', 'balanced', 'paper', 'masks']);
export type PresetName = z.infer<typeof PresetName>;

/** What a pretraining would do, before it is started. */
export const PretrainPlan = z.object({
  preset: PresetName,
  /** What the preset is for, as one sentence. */
  purpose: z.string(),
  config: PretrainConfig,
  imageCount: z.number().int(),
  stepsPerEpoch: z.number().int(),
  totalSteps: z.number().int(),
  device: z.string(),
  /** From the device's measured speed; null where that is not known. */
  estimatedMs: z.number().nullable(),
  /** What the training process will need, roughly. */
  memoryBytes: z.number(),
  /** Remarks for a person: a collection that is too small, memory that may not be enough. */
  warnings: z.array(ErrorInfo),
  /** Why such a run would be refused, with what to change; null where it would start. */
  refusal: ErrorInfo.nullable(),
});
export type PretrainPlan = z.infer<typeof PretrainPlan>;
