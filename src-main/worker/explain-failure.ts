import { UserError } from '../contract/errors.ts';
import { DeviceError } from '../core/compile/runtime/step.ts';
import { TrainingDiverged } from '../core/train/train.ts';
import type { WorkerJobOf } from './protocol/job.ts';
import type { SavedStep } from './jobs/run-recorder.ts';

/** What ended a pretraining, as a person can use it; bugs stay what they are. */
export function explainFailure(
  error: unknown,
  { config, device, runId }: WorkerJobOf<'pretrain'>,
  { step }: SavedStep,
): unknown {
  const kept = step === undefined ? 'Nothing was saved yet' : `The checkpoint of step ${step} is kept`;
  if (error instanceof TrainingDiverged) {
    return new UserError(
      'TRAINING_DIVERGED',
      `The training diverged at step ${error.step}: its loss or gradient is NaN or infinite.`,
      {
        hint: `${kept}; start a new run with a smaller baseLr (now ${config.baseLr}) or more warmupEpochs.`,
      },
    );
  }
  if (isOutOfMemory(error)) {
    return new UserError(
      'OUT_OF_MEMORY',
      `${device} ran out of memory: a batch of ${config.batchSize} at ${config.viewPx} px does not fit into the memory that other programs leave free.`,
      {
        hint: `${kept}. Quit other programs and resume, or start a new run with batchSize ${Math.max(2, Math.floor(config.batchSize / 2))} or a smaller viewPx.`,
        cause: error,
      },
    );
  }
  if (!(error instanceof DeviceError)) return error;
  const elsewhere =
    device === 'onnx:cpu'
      ? ''
      : `, or continue on another device: r2o runs resume ${runId} --device onnx:cpu`;
  return new UserError('DEVICE_FAILED', error.message, {
    hint: `${kept}. Resume to try ${device} again${elsewhere}`,
    cause: error,
  });
}

/** An allocation that failed: in the engine, for an array of our own, or in a thread that makes batches. */
function isOutOfMemory(error: unknown): boolean {
  if (error instanceof DeviceError) return /alloc|memory/i.test(error.message);
  if (error instanceof RangeError) return /allocation failed/i.test(error.message);
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
