import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { tf } from '../../tensor/tfjs.ts';
import { compareDevice, describeWrong, runEager } from './compare-device.ts';
import type { Adapter, DeviceReport, Machine, Verdict, Verdicts } from './report.ts';
import { restoreUtilPredicates } from './util-polyfill.ts';

/** Node packages that register TensorFlow.js's native backend, and the device that each serves. */
const NATIVE_PACKAGES = {
  'tfjs:tensorflow-gpu': { package: '@tensorflow/tfjs-node-gpu', name: 'NVIDIA GPU through TensorFlow' },
  'tfjs:tensorflow': { package: '@tensorflow/tfjs-node', name: 'CPU through TensorFlow' },
} as const;
export type NativeTfjsId = keyof typeof NATIVE_PACKAGES;

const NATIVE_FIX: Record<NativeTfjsId, string> = {
  'tfjs:tensorflow-gpu':
    'Install the NVIDIA driver, CUDA 11.8 and cuDNN 8.6, then the package @tensorflow/tfjs-node-gpu as resources/docs/devices.md says.',
  'tfjs:tensorflow':
    'Not needed: the compiled engine is faster on a CPU. To use it anyway, run `npm install @tensorflow/tfjs-node`.',
};

const WRONG_FIX =
  'Use another device: until this one computes what plain JavaScript computes, it is not used.';

type NativeProbeOptions = {
  machine: Machine;
  /** The GPU that CUDA sees, where it is known. */
  adapter?: Adapter | undefined;
  /** Comparisons of earlier probes. */
  verdicts?: Verdicts | undefined;
};

/** 64-channel 3x3 convolution: large enough for a speed, small enough for the plain JavaScript kernel. */
const PROBE = { batch: 1, channels: 64, sizePx: 34, filterSize: 3 };

/**
 * Loads a native TensorFlow.js package, compares it with plain JavaScript and runs a convolution on it.
 * @returns its speed, or why it cannot be used. The TensorFlow.js backend in use is left as it was.
 */
export async function probeNativeTfjs(
  id: NativeTfjsId,
  { machine, adapter, verdicts }: NativeProbeOptions,
): Promise<DeviceReport> {
  const { name } = NATIVE_PACKAGES[id];
  const identity = { id, engine: 'tfjs', name, isSoftware: false } as const;
  try {
    loadNativeTfjs(id);
    const { wrong } = await verdictOf(id, { machine, adapter, verdicts });
    if (wrong !== null) return { ...identity, isAvailable: false, reason: wrong, fix: WRONG_FIX };
    const gflops = await measure('tensorflow');
    const memory = id === 'tfjs:tensorflow' ? { memoryBytes: machine.memoryBytes } : {};
    return { ...identity, isAvailable: true, gflops, ...memory };
  } catch (error) {
    // The one expected failure: the package or its native library is not installed, or finds no GPU.
    const reason = error instanceof Error ? shorten(error.message) : String(error);
    return { ...identity, isAvailable: false, reason, fix: NATIVE_FIX[id] };
  }
}

/** Runs a convolution on TensorFlow.js's plain JavaScript backend: the reference, there on every machine. */
export async function probeTfjsCpu(machine: Machine): Promise<DeviceReport> {
  const name = 'plain JavaScript, the reference';
  const gflops = await measure('cpu');
  return {
    id: 'tfjs:cpu',
    engine: 'tfjs',
    name,
    isSoftware: false,
    isAvailable: true,
    gflops,
    memoryBytes: machine.memoryBytes,
  };
}

async function verdictOf(
  id: NativeTfjsId,
  { machine, adapter, verdicts }: NativeProbeOptions,
): Promise<Verdict> {
  const device =
    id === 'tfjs:tensorflow-gpu' && adapter ? `${adapter.name}, ${adapter.driver}` : machine.cpuName;
  const key = [id, device, `TensorFlow.js ${tf.version_core}`].join('; ');
  const known = verdicts?.read(key);
  if (known) return known;
  const wrong = await compareDevice((probeCase, values) => runEager(probeCase, values, 'tensorflow'));
  const verdict = { wrong: wrong ? describeWrong(wrong) : null, placement: null };
  verdicts?.write(key, verdict);
  return verdict;
}

/**
 * Requires the native package, which registers the backend `tensorflow` in tfjs-core's global registry.
 * @throws Error when the package, its native library, or the GPU that it promises is missing.
 */
export function loadNativeTfjs(id: NativeTfjsId): void {
  const require = createRequire(import.meta.url);
  const name = NATIVE_PACKAGES[id].package;
  const folder = packageFolderOf(require, name);
  if (!folder) throw new Error(`the package ${name} is not installed`);
  if (!hasNativeLibrary(folder)) throw new Error(`the native library of ${name} is not installed`);
  restoreUtilPredicates();
  require(name);
  if (id === 'tfjs:tensorflow-gpu') assertHasGpu();
}

function packageFolderOf(require: NodeJS.Require, name: string): string | undefined {
  const paths = require.resolve.paths(name) ?? [];
  return paths.map((path) => join(path, name)).find((folder) => existsSync(join(folder, 'package.json')));
}

/** Looked for first: a require that fails halfway would leave a second set of kernels registered. */
function hasNativeLibrary(packageFolder: string): boolean {
  const lib = join(packageFolder, 'lib');
  if (!existsSync(lib)) return false;
  return readdirSync(lib).some((folder) => existsSync(join(lib, folder, 'tfjs_binding.node')));
}

/** libtensorflow-gpu silently computes on the CPU when CUDA is not usable; that is not this device. */
function assertHasGpu(): void {
  const backend: unknown = tf.findBackend('tensorflow');
  if (typeof backend === 'object' && backend !== null && 'isUsingGpuDevice' in backend) {
    if (backend.isUsingGpuDevice === true) return;
  }
  throw new Error('TensorFlow found no CUDA GPU');
}

/** Speed in GFLOP/s, with the active backend restored afterwards. */
async function measure(backendName: string): Promise<number> {
  const previous = tf.engine().backendName;
  if (!(await tf.setBackend(backendName))) throw new Error(`the backend '${backendName}' failed to start`);
  try {
    const { batch, channels, sizePx, filterSize } = PROBE;
    const [total, elapsedMs] = tf.tidy(() => {
      const x = tf.fill<tf.Rank.R4>([batch, sizePx, sizePx, channels], 0.5); // [B, H, W, C]
      const filter = tf.fill<tf.Rank.R4>([filterSize, filterSize, channels, channels], 0.25); // [kh, kw, C, C]
      const run = () => tf.mean(tf.conv2d(x, filter, 1, 'valid')).dataSync()[0];
      run();
      const startedMs = performance.now();
      const mean = run();
      return [mean, performance.now() - startedMs] as const;
    });
    const expected = channels * filterSize ** 2 * 0.5 * 0.25;
    if (total === undefined || Math.abs(total - expected) > 1e-3 * expected) {
      throw new Error(`the probe's convolution returned ${String(total)} instead of ${expected}`);
    }
    const outPx = sizePx - filterSize + 1;
    return (2 * batch * outPx ** 2 * channels ** 2 * filterSize ** 2) / elapsedMs / 1e6;
  } finally {
    if (previous) await tf.setBackend(previous);
  }
}

/** Loader errors of native packages run over many lines; the first two sentences carry the cause. */
function shorten(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim();
  return line.length <= 200 ? line : `${line.slice(0, 197)}...`;
}
