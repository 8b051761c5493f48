import { InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
import { GraphBuilder } from '../lower/onnx/graph-builder.ts';
import type { DeviceId, DeviceReport, Machine } from './report.ts';

/** Name of an ONNX Runtime execution provider that the engine can compile for. */
export type Provider = 'cpu' | 'webgpu' | 'dml' | 'coreml' | 'cuda';

/** A 3x3 convolution of the size found in the middle of a ResNet: 0.6 GFLOP. */
const PROBE = { batch: 4, channels: 128, sizePx: 23, filterSize: 3 };
const TIMED_RUNS = 3;
/** A software GPU needs seconds for one run; one run measures its speed well enough. */
const ENOUGH_MS = 300;

/**
 * Runs a convolution on one execution provider.
 * @returns its speed, or why it cannot be used. Never throws for a missing provider.
 */
export async function probeOnnxProvider(provider: Provider, machine: Machine): Promise<DeviceReport> {
  const identity = {
    id: `onnx:${provider}` satisfies DeviceId,
    engine: 'onnx',
    name: nameOf(provider, machine),
  } as const;
  const absent = platformReason(provider, machine);
  if (absent) return { ...identity, isAvailable: false, ...absent };
  try {
    const gflops = await measure(provider, machine.threads);
    const memory = provider === 'cpu' ? { memoryBytes: machine.memoryBytes } : {};
    return { ...identity, isAvailable: true, gflops, ...memory };
  } catch (error) {
    // The one expected failure: no driver, no device, or a library of the provider is missing.
    const reason = error instanceof Error ? firstLine(error.message) : String(error);
    return { ...identity, isAvailable: false, reason, fix: FIXES[provider] };
  }
}

const FIXES: Record<Provider, string> = {
  cpu: 'Reinstall the application: its ONNX Runtime library is damaged.',
  webgpu:
    'Install a graphics driver with Vulkan (Linux), Direct3D 12 (Windows) or Metal (macOS) support; on Linux `vulkaninfo` must list the GPU.',
  dml: 'Install the latest graphics driver and all Windows updates.',
  coreml: 'Update macOS to a current version.',
  cuda: 'Install the NVIDIA driver, CUDA 12 and cuDNN 9, then run `npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12`.',
};

/** Platforms that ONNX Runtime's Node package is built for with each provider. */
const PLATFORMS: Record<Provider, readonly string[]> = {
  cpu: ['linux', 'darwin', 'win32'],
  webgpu: ['linux', 'darwin', 'win32'],
  dml: ['win32'],
  coreml: ['darwin'],
  cuda: ['linux', 'win32'],
};

function platformReason(provider: Provider, machine: Machine): { reason: string; fix: string } | undefined {
  const platforms = PLATFORMS[provider];
  if (!platforms.includes(machine.platform)) {
    return {
      reason: `${provider} exists only on ${platforms.join(' and ')}; this is ${machine.platform}`,
      fix: 'Nothing to do: this machine uses another device.',
    };
  }
  if (!listSupportedBackends().some((backend) => backend.name === provider)) {
    return { reason: `this build of ONNX Runtime has no ${provider} provider`, fix: FIXES[provider] };
  }
  return undefined;
}

function nameOf(provider: Provider, machine: Machine): string {
  switch (provider) {
    case 'cpu':
      return `${machine.cpuName}, ${machine.threads} threads`;
    case 'webgpu':
      return 'GPU through WebGPU';
    case 'dml':
      return 'GPU through DirectML';
    case 'coreml':
      return 'Apple GPU and Neural Engine through Core ML';
    case 'cuda':
      return 'NVIDIA GPU through CUDA';
  }
}

/** Speed in GFLOP/s. The output comes back to the CPU: reading a GPU tensor would abort the process. */
async function measure(provider: Provider, threads: number): Promise<number> {
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
    const expected = channels * filterSize ** 2 * 0.5 * 0.25;
    let bestMs = Infinity;
    for (let run = 0, spentMs = 0; run <= TIMED_RUNS && spentMs < ENOUGH_MS; run++) {
      const startedMs = performance.now();
      const outputs = await session.run(feeds);
      const elapsedMs = performance.now() - startedMs;
      spentMs += elapsedMs;
      bestMs = Math.min(bestMs, elapsedMs);
      assertMean(outputs.total, expected);
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

function assertMean(total: Tensor | undefined, expected: number): void {
  const value = total?.data[0];
  if (typeof value !== 'number' || Math.abs(value - expected) > 1e-3 * expected) {
    throw new Error(`the probe's convolution returned ${String(value)} instead of ${expected}`);
  }
}

/** The cause in ONNX Runtime's words, without the place in its sources that comes before it. */
function firstLine(message: string): string {
  const line = message.split('\n', 1)[0]?.trim() ?? message;
  return line.replace(/^\S+\.(?:cc|h):\d+ .* was (?:false|true)\. /, '');
}
