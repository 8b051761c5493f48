import type { PretrainConfig } from '../../contract/pretrain.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { NamedSpecs } from '../compile/trace/trace.ts';
import { maskTrainingState } from './mask-step.ts';
import { learnsFromMasks, maskTrainingSpecOf, MOST_CUT_IMAGES, trainingSpecOf } from './training-spec.ts';
import { trainingState } from './update-step.ts';

/** Multiplications of a forward pass at 224 px. */
const FORWARD_MACS_224 = {
  resnet18: 1.82e9,
  'resnet18-half': 0.49e9,
  resnet50: 4.11e9,
} as const;

/**
 * Forward passes that a step is worth for each image: one of the spanning view, two of the target, and for the two
 * online views a forward and a backward pass of twice that.
 */
const PASSES = 1 + 2 + 2 * 3;

/** The same for a crop with its mask: a forward and a backward pass, of which the head takes as much as a third of them. */
const MASK_PASSES = 3 * 1.33;

/** Time of one thread to read and cut an image; test/bench/segment/NOTES.md. */
const CUT_MS = 250;

/** A step reaches this share of the speed that the device's probe measured (measured on ResNet-18 and 50, CPU). */
const PROBE_SHARE = 0.7;

/**
 * Bytes of activations for each view and pixel, measured by the compiled step's plan: ResNet-18 and its half at
 * 128 px, ResNet-50 at 224 px.
 */
const ACTIVATION_BYTES_A_PIXEL = {
  resnet18: 620,
  'resnet18-half': 340,
  resnet50: 2_700,
} as const;

/** The process itself with its libraries, caches and prepared batches. */
const BASE_BYTES = 900 * 2 ** 20;

/**
 * Time of a step.
 * @param gflops measured speed of the device, in 1e9 floating point operations a second
 */
export function estimateStepMs(config: PretrainConfig, gflops: number): number {
  const { encoder, viewPx, batchSize } = config;
  const passes = learnsFromMasks(config) ? MASK_PASSES : PASSES;
  const macs = FORWARD_MACS_224[encoder] * (viewPx / 224) ** 2 * passes * batchSize;
  return (2 * macs) / (gflops * PROBE_SHARE) / 1e6;
}

/**
 * Time before the first step, in which a run that learns from masks cuts its images; others begin at once.
 * @param cores threads that cut
 */
export function estimateCutsMs(config: PretrainConfig, imageCount: number, cores: number): number {
  return learnsFromMasks(config) ? (Math.min(imageCount, MOST_CUT_IMAGES) * CUT_MS) / cores : 0;
}

/** Memory of the training process: weights, momentum and second buffers, activations, and the process itself. */
export function estimateMemoryBytes(config: PretrainConfig): number {
  const { encoder, viewPx, batchSize } = config;
  const state = Object.values(stateOf(config)).reduce(
    (sum, { shape }) => sum + sizeOf(shape) * Float32Array.BYTES_PER_ELEMENT,
    0,
  );
  const activations =
    (learnsFromMasks(config) ? 1 : 2) * batchSize * viewPx ** 2 * ACTIVATION_BYTES_A_PIXEL[encoder];
  return Math.round(BASE_BYTES + 2 * state + activations);
}

function stateOf(config: PretrainConfig): NamedSpecs {
  return learnsFromMasks(config)
    ? maskTrainingState(maskTrainingSpecOf(config))
    : trainingState(trainingSpecOf(config));
}

/** The largest batch whose training process stays within `bytes`; undefined where not even two images do. */
export function fittingBatchSize(config: PretrainConfig, bytes: number): number | undefined {
  const withBatch = (batchSize: number) => estimateMemoryBytes({ ...config, batchSize });
  const perImage = withBatch(2) - withBatch(1);
  const batchSize = Math.min(config.batchSize, Math.floor((bytes - withBatch(0)) / perImage));
  return batchSize >= 2 ? batchSize : undefined;
}
