import { InferenceSession } from 'onnxruntime-node';
import { GraphBuilder } from '../lower/onnx/graph-builder.ts';

/**
 * Opens the GPU that ONNX Runtime uses for WebGPU, and closes it again. With `VK_LOADER_DEBUG` set, Vulkan's loader then
 * names it on the error output: ONNX Runtime gives no name.
 * @returns whether there is one
 */
export async function opensWebGpu(): Promise<boolean> {
  const builder = new GraphBuilder('open');
  const x = builder.input('x', 'float32', [1]);
  builder.output('y', builder.op('Relu', [x]), 'float32', [1]);
  try {
    const session = await InferenceSession.create(builder.model(), {
      executionProviders: ['webgpu'],
      logSeverityLevel: 4,
    });
    await session.release();
    return true;
  } catch {
    // No driver, no GPU, or no such provider: the probe says which.
    return false;
  }
}
