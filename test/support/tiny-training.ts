import type { HostTensors } from '../../src-main/core/compile/runtime/step.ts';
import { R2O_LARS, type OptimizerSpec } from '../../src-main/core/train/optimizer.ts';
import type { TrainingSpec } from '../../src-main/core/train/update-step.ts';
import { signedUnit } from './random-data.ts';

export const TINY_REGIONS = 3;

/** A whole R2O step that eager TensorFlow.js computes in a second: ten layers, 16 channels, 64 px. */
export function tinyTraining(options: { width?: number; optimizer?: OptimizerSpec } = {}): TrainingSpec {
  const { width = 16, optimizer = R2O_LARS } = options;
  return {
    model: { encoder: { block: 'basic', depths: [1, 1, 1, 1], width }, hidden: 32, embedding: 16 },
    optimizer,
    batch: 2,
    viewPx: 64,
    isWeightedByArea: false,
  };
}

/** Random views and masks for step `step`. */
export function tinyData(spec: TrainingSpec, step: number): HostTensors {
  const { batch, viewPx } = spec;
  const cells = (viewPx / 32) ** 2;
  return {
    views: signedUnit(1000 + step, 2 * batch * viewPx * viewPx * 3),
    masks: signedUnit(2000 + step, 2 * batch * TINY_REGIONS * cells).map(Math.abs),
    learningRate: Float32Array.of(0.5),
    emaDecay: Float32Array.of(0.9),
  };
}

/**
 * Biases before a batch normalisation: it removes them, so their gradients are zero and what is
 * computed for them is rounding noise (SPEC Q18). Nothing can be compared there.
 */
export function isGradientNoise(name: string): boolean {
  return /(projector\.l[12]|predictor\.l1)\.bias$/.test(name);
}
