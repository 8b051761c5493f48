import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { inEnglish, phrase, type Phrase } from '../../../contract/error-texts/error-text.ts';
import { tf } from '../../tensor/tfjs.ts';
import { compareDevice, describeWrong, runEager } from './compare-device.ts';
import type { Adapter, DeviceReport, Machine, Verdict, Verdicts } from './report.ts';
import { padBeforeTensorFlow } from './tensorflow-kernels.ts';
import { restoreUtilPredicates } from './util-polyfill.ts';

/** The devices that TensorFlow drives, through the package that binds it to Node. */
export type NativeTfjsId = 'tfjs:tensorflow-gpu' | 'tfjs:tensorflow';

/** Registers the backend `tensorflow`; the same package for CPU and GPU. */
const PACKAGE = '@tensorflow/tfjs-node-gpu';

const NATIVE_FIX = {
  'tfjs:tensorflow-gpu': phrase('fix-tensorflow-gpu'),
  'tfjs:tensorflow': phrase('fix-tensorflow'),
};

/** Why TensorFlow cannot be used, as data. */
class TensorFlowMissing extends Error {
  readonly reason: Phrase;

  constructor(reason: Phrase) {
    super(inEnglish(reason));
    this.reason = reason;
  }
}

type NativeProbeOptions = {
  machine: Machine;
  /** The GPU that CUDA sees, where it is known. */
  adapter?: Adapter | undefined;
  /** Comparisons of earlier probes. */
  verdicts?: Verdicts | undefined;
  /** Where TensorFlow is, if it is installed. */
  folder?: string | undefined;
};

/** 64-channel 3x3 convolution: large enough for a speed, small enough for the plain JavaScript kernel. */
const PROBE = { batch: 1, channels: 64, sizePx: 34, filterSize: 3 };

/**
 * Loads a native TensorFlow.js package, compares it with plain JavaScript and runs a convolution on it.
 * @returns its speed, or why it cannot be used. The TensorFlow.js backend in use is left as it was.
 */
export async function probeNativeTfjs(id: NativeTfjsId, options: NativeProbeOptions): Promise<DeviceReport> {
  const { machine, adapter, folder } = options;
  const isGpu = id === 'tfjs:tensorflow-gpu';
  const device = isGpu ? (adapter?.name ?? phrase('nvidia-gpu')) : 'CPU';
  const name = phrase('through', { device, engine: 'TensorFlow' });
  const identity = { id, engine: 'tfjs', name, isSoftware: false } as const;
  const previous = tf.engine().backendName;
  try {
    loadNativeTfjs(id, folder);
    const { wrong } = await verdictOf(id, options);
    if (wrong !== null)
      return { ...identity, isAvailable: false, reason: wrong, fix: phrase('device-wrong') };
    const gflops = await measure('tensorflow');
    const memory = isGpu ? {} : { memoryBytes: machine.memoryBytes };
    return { ...identity, isAvailable: true, gflops, ...memory };
  } catch (error) {
    // The one expected failure: the package or its native library is not installed, or finds no GPU.
    const reason = error instanceof TensorFlowMissing ? error.reason : shorten(toMessage(error));
    return { ...identity, isAvailable: false, reason, fix: NATIVE_FIX[id] };
  } finally {
    if (previous) await tf.setBackend(previous);
  }
}

/** Runs a convolution on TensorFlow.js's plain JavaScript backend: the reference, there on every machine. */
export async function probeTfjsCpu(machine: Machine): Promise<DeviceReport> {
  const gflops = await measure('cpu');
  return {
    id: 'tfjs:cpu',
    engine: 'tfjs',
    name: phrase('plain-javascript'),
    isSoftware: false,
    isAvailable: true,
    gflops,
    memoryBytes: machine.memoryBytes,
  };
}

async function verdictOf(
  id: NativeTfjsId,
  { machine, adapter, verdicts, folder }: NativeProbeOptions,
): Promise<Verdict> {
  const device =
    id === 'tfjs:tensorflow-gpu' && adapter ? `${adapter.name}, ${adapter.driver}` : machine.cpuName;
  const library = folder === undefined ? '' : libraryIn(packageFolder(folder));
  // A library that was compiled again is another one.
  const compiledMs = library ? statSync(library).mtimeMs : 0;
  const key = [id, device, `TensorFlow.js ${tf.version_core}`, `compiled ${compiledMs}`].join('; ');
  const known = verdicts?.read(key);
  if (known) return known;
  const wrong = await compareDevice((probeCase, values) => runEager(probeCase, values, 'tensorflow'));
  const verdict = { wrong: wrong ? describeWrong(wrong) : null, placement: null };
  verdicts?.write(key, verdict);
  return verdict;
}

/**
 * Requires the package, which registers the backend `tensorflow` in tfjs-core's global registry and makes it the active
 * one.
 * @param folder where `r2o devices install tensorflow` has put it
 * @throws Error when the package or its native library is missing, or computes on another device than `id`
 */
export function loadNativeTfjs(id: NativeTfjsId, folder: string | undefined): void {
  if (folder === undefined || !libraryIn(packageFolder(folder)))
    throw new TensorFlowMissing(phrase('tensorflow-missing'));
  restoreUtilPredicates();
  createRequire(join(folder, 'package.json'))(PACKAGE);
  padBeforeTensorFlow();
  const isOnGpu = isUsingGpu(tf.findBackend('tensorflow'));
  if (id === 'tfjs:tensorflow-gpu' && !isOnGpu) throw new TensorFlowMissing(phrase('tensorflow-no-gpu'));
  if (id === 'tfjs:tensorflow' && isOnGpu) throw new TensorFlowMissing(phrase('tensorflow-on-gpu'));
}

const packageFolder = (folder: string) => join(folder, 'node_modules', PACKAGE);

/** Looked for first: a require that fails halfway would leave a second set of kernels registered. */
function libraryIn(folder: string): string | undefined {
  const lib = join(folder, 'lib');
  if (!existsSync(lib)) return undefined;
  return readdirSync(lib)
    .map((napi) => join(lib, napi, 'tfjs_binding.node'))
    .find((file) => existsSync(file));
}

/** TensorFlow silently computes on the CPU when CUDA is not usable. */
function isUsingGpu(backend: unknown): boolean {
  return (
    typeof backend === 'object' &&
    backend !== null &&
    'isUsingGpuDevice' in backend &&
    backend.isUsingGpuDevice === true
  );
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

const toMessage = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown));

/** Loader errors of native packages run over many lines; the first two sentences carry the cause. */
function shorten(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim();
  return line.length <= 200 ? line : `${line.slice(0, 197)}...`;
}
