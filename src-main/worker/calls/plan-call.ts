import { availableParallelism, totalmem } from 'node:os';
import { userError, type ErrorInfo } from '../../contract/errors.ts';
import type { PretrainConfig, PretrainPlan } from '../../contract/pretrain.ts';
import { stepsPerEpoch } from '../../core/train/batch-order.ts';
import { configure, purposeOf } from '../../core/train/configure.ts';
import {
  estimateCutsMs,
  estimateMemoryBytes,
  estimateStepMs,
  fittingBatchSize,
} from '../../core/train/estimate.ts';
import { totalStepsOf } from '../../core/train/train.ts';
import type { CallOf } from '../protocol/call.ts';

/** Fewer images than this are pretrained on, but little is learned from them. */
const FEW_IMAGES = 100;
/** Share of the memory that a training may take before a person is warned. */
const MEMORY_SHARE = 0.8;
const GIB = 2 ** 30;

/** What a pretraining would be. @throws UserError BAD_INPUT for settings that do not go together */
export function planPretraining(call: CallOf<'plan-pretraining'>): PretrainPlan {
  const { preset, overrides, imageCount, device, gflops } = call;
  const config = configure(preset, imageCount, overrides);
  const totalSteps = totalStepsOf(config, imageCount);
  const memoryBytes = estimateMemoryBytes(config);
  const cutsMs = estimateCutsMs(config, imageCount, availableParallelism());
  const available = call.memoryBytes ?? totalmem();
  const memory = memoryProblem(config, { device, available });
  return {
    preset,
    purpose: purposeOf(preset),
    config,
    imageCount,
    stepsPerEpoch: stepsPerEpoch(config, imageCount),
    totalSteps,
    device,
    estimatedMs: gflops === null ? null : Math.round(cutsMs + estimateStepMs(config, gflops) * totalSteps),
    memoryBytes,
    warnings: [
      ...(imageCount < FEW_IMAGES ? [userError('plan-few-images', { imageCount }).toInfo()] : []),
      ...(memory ? [memory] : []),
    ],
    refusal: memory && memoryBytes > available ? memory : null,
  };
}

/** What is reported about a run that needs most of the memory or more; undefined for one that fits. */
function memoryProblem(
  config: PretrainConfig,
  { device, available }: { device: string; available: number },
): ErrorInfo | undefined {
  const needed = estimateMemoryBytes(config);
  const budget = MEMORY_SHARE * available;
  if (needed <= budget) return undefined;
  const batchSize = fittingBatchSize(config, budget);
  const memory = {
    batchSize: config.batchSize,
    viewPx: config.viewPx,
    needed: gib(needed),
    device,
    available: gib(available),
  };
  const problem =
    batchSize === undefined
      ? userError('plan-memory-smallest', memory)
      : userError('plan-memory', { ...memory, fitting: batchSize });
  return problem.toInfo();
}

const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;
