import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { probeOnnxProvider } from './onnx-probe.ts';
import {
  DEVICE_IDS,
  providerOf,
  type Adapter,
  type AvailableDevice,
  type DeviceId,
  type DeviceReport,
  type Machine,
  type Provider,
  type Verdicts,
} from './report.ts';
import { probeNativeTfjs, probeTfjsCpu } from './tfjs-probe.ts';

export type ProbeOptions = {
  /** Devices to probe; all by default. */
  ids?: readonly DeviceId[];
  /** Whether they were named: only then is a GPU compared that is imitated on the CPU, which takes a minute. */
  isNamed?: boolean;
  /** CPU threads to use; all by default. */
  threads?: number;
  /** What computes behind each provider, as far as it is known. */
  adapters?: Partial<Record<Provider, Adapter>>;
  /** Where TensorFlow is, if it is installed. */
  tensorflowFolder?: string;
  /** Comparisons of earlier probes; without them, every device is compared again. */
  verdicts?: Verdicts;
};

/**
 * Compares every device with the CPU and measures its speed on a convolution, one after the other.
 * @returns one report a device, in the order of `ids`. A missing device says why and what to do.
 */
export async function probeDevices({
  ids = DEVICE_IDS,
  threads = availableParallelism(),
  ...known
}: ProbeOptions = {}): Promise<DeviceReport[]> {
  const machine: Machine = {
    platform: platform(),
    arch: arch(),
    cpuName: cpus()[0]?.model.trim() ?? 'CPU',
    threads,
    memoryBytes: totalmem(),
  };
  const reports: DeviceReport[] = [];
  // In turn, not together: the measured speeds must not disturb each other.
  for (const id of ids) reports.push(await probe(id, machine, known));
  return reports;
}

/**
 * The fastest available device, but never a GPU that is imitated on the CPU.
 * @throws Error when none is available, which the JavaScript reference makes impossible for a full probe.
 */
export function chooseDevice(reports: readonly DeviceReport[]): AvailableDevice {
  const available = reports.filter((report) => report.isAvailable).filter((report) => !report.isSoftware);
  const [first, ...others] = available;
  if (!first) throw new Error('no device is available');
  return others.reduce((best, report) => (report.gflops > best.gflops ? report : best), first);
}

function probe(
  id: DeviceId,
  machine: Machine,
  { adapters, verdicts, isNamed, tensorflowFolder }: Omit<ProbeOptions, 'ids' | 'threads'>,
): Promise<DeviceReport> {
  const provider = providerOf(id);
  if (provider)
    return probeOnnxProvider(provider, { machine, adapter: adapters?.[provider], verdicts, isNamed });
  switch (id) {
    case 'tfjs:tensorflow-gpu':
    case 'tfjs:tensorflow':
      return probeNativeTfjs(id, { machine, adapter: adapters?.cuda, verdicts, folder: tensorflowFolder });
    default:
      return probeTfjsCpu(machine);
  }
}
