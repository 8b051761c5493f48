import { InferenceSession, Tensor } from 'onnxruntime-node';
import { GraphBuilder } from '../lower/onnx/graph-builder.ts';
import type { Provider } from './report.ts';

/** A 3x3 convolution of the size found in the middle of a ResNet: 0.6 GFLOP. */
const PROBE = { batch: 4, channels: 128, sizePx: 23, filterSize: 3 };
const TIMED_RUNS = 3;
/** A software GPU needs seconds for one run; one run measures its speed well enough. */
const ENOUGH_MS = 300;

/**
 * Speed of a provider on a convolution, in GFLOP/s. The output comes back to the CPU: reading a GPU tensor would abort
 * the process.
 * @throws Error when the provider cannot be opened or fails
 */
export async function measureSpeed(provider: Provider, threads: number): Promise<number> {
  const { batch, channels, sizePx, filterSize } = PROBE;
  const builder = new GraphBuilder('probe');
  const x = builder.input('x', 'float32', [batch, channels, sizePx, sizePx]);
  const filter = builder.input('filter', 'float32', [channels, channels, filterSize, filterSize]);
  const y = builder.op('Conv', [x, filter], { kernel_shape: [filterSize, filterSize] });
  // One number per sample comes back, so that the transfer is not what gets measured.
  const total = builder.op('ReduceMean', [y, builder.int64s([1, 2, 3])], { keepdims: 0 });
  builder.output('total', total, 'float32', [batch]);

  const session = await InferenceSession.create(builder.model(), {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    logSeverityLevel: 4,
  });
  try {
    const feeds = {
      x: filled([batch, channels, sizePx, sizePx], 0.5),
      filter: filled([channels, channels, filterSize, filterSize], 0.25),
    };
    let bestMs = Infinity;
    for (let run = 0, spentMs = 0; run <= TIMED_RUNS && spentMs < ENOUGH_MS; run++) {
      const startedMs = performance.now();
      await session.run(feeds);
      const elapsedMs = performance.now() - startedMs;
      spentMs += elapsedMs;
      bestMs = Math.min(bestMs, elapsedMs);
    }
    const outPx = sizePx - filterSize + 1;
    return (2 * batch * outPx ** 2 * channels ** 2 * filterSize ** 2) / bestMs / 1e6;
  } finally {
    await session.release();
  }
}

function filled(dims: readonly number[], value: number): Tensor {
  const size = dims.reduce((product, dim) => product * dim, 1);
  return new Tensor('float32', new Float32Array(size).fill(value), dims);
}
