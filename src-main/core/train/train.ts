import type { PretrainConfig } from '../../contract/pretrain.ts';
import type { BatchSource, SkippedImage, StepBatch } from './batch.ts';
import { stepsPerEpoch } from './batch-order.ts';
import { ratesAt, type Rates } from './training-spec.ts';
import type { StepMetrics } from './trainer.ts';

/** The loss or the gradient is NaN or infinite; the state is worthless, but an earlier checkpoint is not. */
export class TrainingDiverged extends Error {
  readonly step: number;

  /** @param found what is not finite */
  constructor(step: number, found: string) {
    super(`step ${step} has ${found}`);
    this.name = 'TrainingDiverged';
    this.step = step;
  }
}

/** What trains on batches: the app's own engine, or another one that computes the same. */
export type Stepper<B extends StepBatch> = {
  readonly config: PretrainConfig;
  step: (batch: B, rates: Rates) => Promise<StepMetrics>;
};

export type TrainRun<B extends StepBatch> = {
  trainer: Stepper<B>;
  batches: BatchSource<B>;
  imageCount: number;
  /** First step to do; that of the checkpoint. */
  startStep: number;
  totalSteps: number;
  signal: AbortSignal;
};

/** A finished step. */
export type TrainEvent = {
  step: number;
  rates: Rates;
  metrics: StepMetrics;
  skipped: readonly SkippedImage[];
  /** Time that the step waited for its batch, and all of its time. */
  waitMs: number;
  stepMs: number;
};

/** Steps of a whole run: `epochs` times those of an epoch. */
export function totalStepsOf(config: PretrainConfig, imageCount: number): number {
  return config.epochs * stepsPerEpoch(config, imageCount);
}

/**
 * Trains, step by step. Between two events the state is that after `step`: the consumer may save it.
 * @throws TrainingDiverged, DeviceError, the signal's reason
 */
export async function* train<B extends StepBatch>(run: TrainRun<B>): AsyncGenerator<TrainEvent> {
  const { trainer, batches, imageCount, signal } = run;
  for (let step = run.startStep; step < run.totalSteps; step++) {
    signal.throwIfAborted();
    const startedMs = performance.now();
    const batch = await batches.at(step);
    const waitMs = performance.now() - startedMs;
    const rates = ratesAt(trainer.config, imageCount, step);
    const metrics = await trainer.step(batch, rates);
    const { update } = metrics;
    if (update && !Number.isFinite(update.loss + update.gradientNorm)) {
      throw new TrainingDiverged(step, `loss ${update.loss} and gradient norm ${update.gradientNorm}`);
    }
    yield { step, rates, metrics, skipped: batch.skipped, waitMs, stepMs: performance.now() - startedMs };
  }
}
