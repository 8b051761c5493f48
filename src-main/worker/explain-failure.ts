import { phrase } from '../contract/error-texts/error-text.ts';
import { userError } from '../contract/errors.ts';
import { DeviceError } from '../core/compile/runtime/step.ts';
import { TorchError } from './torch/torch-error.ts';
import { TrainingDiverged } from '../core/train/train.ts';
import type { WorkerJobOf } from './protocol/job.ts';
import type { SavedStep } from './jobs/run-recorder.ts';

/** What ended a pretraining, as a person can use it; bugs stay what they are. */
export function explainFailure(
  error: unknown,
  { config, device, runId }: WorkerJobOf<'pretrain'>,
  { step }: SavedStep,
): unknown {
  const kept = step === undefined ? phrase('nothing-saved') : phrase('checkpoint-kept', { step });
  if (error instanceof TrainingDiverged) {
    return userError('training-diverged', { step: error.step, kept, baseLr: config.baseLr });
  }
  if (isOutOfMemory(error)) {
    return userError(
      'training-memory',
      {
        device,
        batchSize: config.batchSize,
        viewPx: config.viewPx,
        kept,
        smallerBatch: Math.max(2, Math.floor(config.batchSize / 2)),
      },
      { cause: error },
    );
  }
  if (error instanceof TorchError && error.failure === 'missing') {
    const options = { action: { kind: 'show-devices' }, cause: error } as const;
    return userError('torch-incomplete', { device, reason: error.message, kept }, options);
  }
  if (!(error instanceof DeviceError || error instanceof TorchError)) return error;
  return userError(
    'device-failed',
    { reason: error.message, kept, device },
    {
      ...(device !== 'onnx:cpu' && { action: { kind: 'resume-run', runId, device: 'onnx:cpu' } }),
      cause: error,
    },
  );
}

/** An allocation that failed: in the engine, for an array of our own, or in a thread that makes batches. */
function isOutOfMemory(error: unknown): boolean {
  if (error instanceof TorchError) return error.failure === 'memory';
  if (error instanceof DeviceError) return /alloc|memory/i.test(error.message);
  if (error instanceof RangeError) return /allocation failed/i.test(error.message);
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
