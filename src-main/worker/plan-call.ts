import { totalmem } from 'node:os';
import type { PretrainPlan } from '../contract/pretrain.ts';
import { stepsPerEpoch } from '../core/train/batch-order.ts';
import { configure, purposeOf } from '../core/train/configure.ts';
import { estimateMemoryBytes, estimateStepMs } from '../core/train/estimate.ts';
import { totalStepsOf } from '../core/train/train.ts';
import type { CallOf } from './protocol.ts';

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
  const available = call.memoryBytes ?? totalmem();
  return {
    preset,
    purpose: purposeOf(preset),
    config,
    imageCount,
    stepsPerEpoch: stepsPerEpoch({ imageCount, batchSize: config.batchSize }),
    totalSteps,
    device,
    estimatedMs: gflops === null ? null : Math.round(estimateStepMs(config, gflops) * totalSteps),
    memoryBytes,
    warnings: [
      ...(imageCount < FEW_IMAGES
        ? [`${imageCount} images are few: the encoder will learn little more than their colours.`]
        : []),
      ...(memoryBytes > MEMORY_SHARE * available
        ? [
            `This needs about ${gib(memoryBytes)} of memory and ${device} has ${gib(available)}: ` +
              `a batchSize of ${Math.max(2, Math.floor((config.batchSize * MEMORY_SHARE * available) / memoryBytes))} fits better.`,
          ]
        : []),
    ],
  };
}

const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;
