import { createHash } from 'node:crypto';
import { env, listSupportedBackends } from 'onnxruntime-node';
import { phrase, type Phrase } from '../../../contract/error-texts/error-text.ts';
import { blockSize } from '../runtime/block-size.ts';
import type { Target } from '../lower/lowering-target.ts';
import { compareDevice, describeWrong } from './compare-device.ts';
import { measureSpeed } from './measure-speed.ts';
import { probeCases } from './probe-cases.ts';
import {
  isSoftwareAdapter,
  type Adapter,
  type DeviceId,
  type DeviceReport,
  type Machine,
  type Placement,
  type Provider,
  type Verdict,
  type Verdicts,
} from './report.ts';
import { addPlacements, lowerCase, runOnProvider, type LowerGraph } from './run-on-provider.ts';

export type OnnxProbeOptions = {
  machine: Machine;
  /** What computes behind the provider; undefined where the system does not name it. */
  adapter?: Adapter | undefined;
  /** Whether the device was named: only then is a software GPU compared that never was before. */
  isNamed?: boolean | undefined;
  /** Comparisons of earlier probes; without them, every probe compares. */
  verdicts?: Verdicts | undefined;
  /** The compiler's own unless a test gives another. */
  lowerGraph?: LowerGraph;
};

/**
 * Measures the speed of one execution provider on a convolution, and compares it with plain JavaScript.
 * @returns its speed, or why it cannot be used: it is missing, or it computes wrong results. Never throws for a missing
 * provider.
 */
export async function probeOnnxProvider(
  provider: Provider,
  options: OnnxProbeOptions,
): Promise<DeviceReport> {
  const { machine, adapter } = options;
  const identity = {
    id: `onnx:${provider}` satisfies DeviceId,
    engine: 'onnx',
    name: nameOf(provider, machine, adapter),
    isSoftware: adapter !== undefined && isSoftwareAdapter(adapter),
  } as const;
  const absent = platformReason(provider, machine);
  if (absent) return { ...identity, isAvailable: false, ...absent };
  try {
    const target = { provider, block: provider === 'cpu' ? await blockSize() : 0 };
    const key = await verdictKey(target, options);
    const known = options.verdicts?.read(key);
    if (!known && identity.isSoftware && options.isNamed !== true) {
      return { ...identity, isAvailable: false, ...NOT_COMPARED };
    }
    const gflops = await measureSpeed(provider, machine.threads);
    const { wrong, placement } = known ?? (await compare(target, key, options));
    if (wrong !== null)
      return { ...identity, isAvailable: false, reason: wrong, fix: phrase('driver-wrong') };
    const memory = provider === 'cpu' ? { memoryBytes: machine.memoryBytes } : {};
    const left = provider === 'cpu' || !placement ? {} : { placement };
    return { ...identity, isAvailable: true, gflops, ...memory, ...left };
  } catch (error) {
    // The one expected failure: no driver, no device, or a library of the provider is missing.
    const reason = error instanceof Error ? firstLine(error.message) : String(error);
    return { ...identity, isAvailable: false, reason, fix: phrase(`fix-${provider}`) };
  }
}

/** Compares, and keeps the verdict for later probes for which nothing has changed that it depends on. */
async function compare(
  target: Target,
  key: string,
  { machine, adapter, verdicts, lowerGraph }: OnnxProbeOptions,
): Promise<Verdict> {
  let placement: Placement = { total: 0, onCpu: {} };
  const wrong = await compareDevice(async (probeCase, values) => {
    const run = await runOnProvider(probeCase, values, target, { threads: machine.threads, lowerGraph });
    placement = addPlacements(placement, run.placement);
    return run.outputs;
  });
  const verdict = { wrong: wrong ? describeWrong(wrong) : null, placement };
  // Without a name, another GPU could be there next time.
  if (adapter || target.provider === 'cpu') verdicts?.write(key, verdict);
  return verdict;
}

/** Everything that a verdict depends on: device, driver, ONNX Runtime, and the graphs as they are lowered. */
export async function verdictKey(
  target: Target,
  { machine, adapter, lowerGraph }: Pick<OnnxProbeOptions, 'machine' | 'adapter' | 'lowerGraph'>,
): Promise<string> {
  const graphs = createHash('sha256');
  for (const probeCase of probeCases()) graphs.update(await lowerCase(probeCase, target, lowerGraph));
  const device = adapter ? `${adapter.name}, ${adapter.driver}` : machine.cpuName;
  const runtime = `ONNX Runtime ${env.versions.common}`;
  return [`onnx:${target.provider}`, device, runtime, graphs.digest('hex').slice(0, 16)].join('; ');
}

const NOT_COMPARED = { reason: phrase('gpu-not-compared'), fix: phrase('gpu-use-cpu') };

/** Systems that ONNX Runtime's Node package is built for with each provider, as Node names them. */
const SYSTEMS: Record<Provider, readonly string[]> = {
  cpu: ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
  webgpu: ['linux-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
  dml: ['win32-x64', 'win32-arm64'],
  coreml: ['darwin-arm64'],
  cuda: ['linux-x64'],
};

function platformReason(provider: Provider, machine: Machine): { reason: Phrase; fix: Phrase } | undefined {
  const [systems, own] = [SYSTEMS[provider], `${machine.platform}-${machine.arch}`];
  if (!systems.includes(own)) {
    return {
      reason: phrase('runtime-systems', { provider, systems: systems.join(', '), own }),
      fix: phrase('nothing-to-do'),
    };
  }
  if (!listSupportedBackends().some((backend) => backend.name === provider)) {
    return { reason: phrase('runtime-lacks', { provider }), fix: phrase(`fix-${provider}`) };
  }
  return undefined;
}

function nameOf(provider: Provider, machine: Machine, adapter: Adapter | undefined): Phrase {
  const device = adapter?.name ?? phrase('gpu');
  switch (provider) {
    case 'cpu':
      return phrase('cpu-threads', { cpu: machine.cpuName, threads: machine.threads });
    case 'webgpu':
      return phrase('through', { device, engine: 'WebGPU' });
    case 'dml':
      return phrase('through', { device, engine: 'DirectML' });
    case 'coreml':
      return phrase('core-ml');
    case 'cuda':
      return phrase('through', { device: adapter?.name ?? phrase('nvidia-gpu'), engine: 'CUDA' });
  }
}

/** The cause in ONNX Runtime's words, without the place in its sources that comes before it. */
function firstLine(message: string): string {
  const line = message.split('\n', 1)[0]?.trim() ?? message;
  return line.replace(/^\S+\.(?:cc|h):\d+ .* was (?:false|true)\. /, '');
}
