import { availableParallelism } from 'node:os';
import { providerOf, type DeviceId } from '../devices/report.ts';
import type { Target } from '../lower/lowering-target.ts';
import { blockSize } from './block-size.ts';

/** What a step is compiled for and run with. */
export type EngineTarget = Target & {
  device: DeviceId;
  /** Threads of one operator on the CPU. */
  threads: number;
  /** The provider hands out buffers that stay on the GPU. */
  keepsStateOnGpu: boolean;
};

/**
 * The compilation target of an `onnx:*` device.
 * @param threads CPU threads; all by default
 * @throws Error for a TensorFlow.js device, which runs eagerly
 */
export async function engineTarget(
  device: DeviceId,
  threads: number = availableParallelism(),
): Promise<EngineTarget> {
  const provider = providerOf(device);
  if (!provider) throw new Error(`${device} runs eagerly and is not compiled for`);
  const block = provider === 'cpu' ? await blockSize() : 0;
  return { device, provider, block, threads, keepsStateOnGpu: provider === 'webgpu' };
}
