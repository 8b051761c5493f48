import { createHash } from 'node:crypto';
import { env, listSupportedBackends } from 'onnxruntime-node';
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
    if (wrong !== null) return { ...identity, isAvailable: false, reason: wrong, fix: WRONG_FIX };
    const memory = provider === 'cpu' ? { memoryBytes: machine.memoryBytes } : {};
    const left = provider === 'cpu' || !placement ? {} : { placement };
    return { ...identity, isAvailable: true, gflops, ...memory, ...left };
  } catch (error) {
    // The one expected failure: no driver, no device, or a library of the provider is missing.
    const reason = error instanceof Error ? firstLine(error.message) : String(error);
    return { ...identity, isAvailable: false, reason, fix: FIXES[provider] };
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

const NOT_COMPARED = {
  reason: 'it is a software GPU, which computes on the CPU and more slowly, so it was not tested',
  fix: 'Use onnx:cpu. If you select this device by name, it is tested first, which takes minutes.',
};

const WRONG_FIX =
  'Update the graphics driver, then test the device again. Until it computes what the CPU computes, it is not used.';

const FIXES: Record<Provider, string> = {
  cpu: 'Reinstall the application: its ONNX Runtime library is damaged.',
  webgpu:
    'Install a graphics driver with Vulkan (Linux), Direct3D 12 (Windows) or Metal (macOS) support; on Linux `vulkaninfo` must list the GPU.',
  dml: 'Install the latest graphics driver and all Windows updates.',
  coreml: 'Update macOS to a current version.',
  cuda: 'Install the NVIDIA driver, CUDA 12 and cuDNN 9, then the CUDA kernels of onnxruntime-node as resources/docs/devices.md says.',
};

/** Systems that ONNX Runtime's Node package is built for with each provider, as Node names them. */
const SYSTEMS: Record<Provider, readonly string[]> = {
  cpu: ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
  webgpu: ['linux-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
  dml: ['win32-x64', 'win32-arm64'],
  coreml: ['darwin-arm64'],
  cuda: ['linux-x64'],
};

function platformReason(provider: Provider, machine: Machine): { reason: string; fix: string } | undefined {
  const [systems, own] = [SYSTEMS[provider], `${machine.platform}-${machine.arch}`];
  if (!systems.includes(own)) {
    return {
      reason: `ONNX Runtime has ${provider} only on ${systems.join(', ')}; this is ${own}`,
      fix: 'Nothing to do: this machine uses another device.',
    };
  }
  if (!listSupportedBackends().some((backend) => backend.name === provider)) {
    return { reason: `this build of ONNX Runtime has no ${provider} provider`, fix: FIXES[provider] };
  }
  return undefined;
}

function nameOf(provider: Provider, machine: Machine, adapter: Adapter | undefined): string {
  switch (provider) {
    case 'cpu':
      return `${machine.cpuName}, ${machine.threads} threads`;
    case 'webgpu':
      return `${adapter?.name ?? 'GPU'} through WebGPU`;
    case 'dml':
      return `${adapter?.name ?? 'GPU'} through DirectML`;
    case 'coreml':
      return 'Apple GPU and Neural Engine through Core ML';
    case 'cuda':
      return `${adapter?.name ?? 'NVIDIA GPU'} through CUDA`;
  }
}

/** The cause in ONNX Runtime's words, without the place in its sources that comes before it. */
function firstLine(message: string): string {
  const line = message.split('\n', 1)[0]?.trim() ?? message;
  return line.replace(/^\S+\.(?:cc|h):\d+ .* was (?:false|true)\. /, '');
}
