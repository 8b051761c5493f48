import { availableParallelism, cpus, platform, totalmem } from 'node:os';
import { probeOnnxProvider, type Provider } from './onnx-probe.ts';
import {
  DEVICE_IDS,
  type AvailableDevice,
  type DeviceId,
  type DeviceReport,
  type Machine,
} from './report.ts';
import { probeNativeTfjs, probeTfjsCpu } from './tfjs-probe.ts';

/**
 * Probes every device by running a convolution on it, one after the other.
 * @param ids devices to probe; all by default
 * @param threads CPU threads to use; all by default
 * @returns one report a device, in the order of `ids`. A missing device says why and what to do.
 */
export async function probeDevices(
  ids: readonly DeviceId[] = DEVICE_IDS,
  threads: number = availableParallelism(),
): Promise<DeviceReport[]> {
  const machine: Machine = {
    platform: platform(),
    cpuName: cpus()[0]?.model.trim() ?? 'CPU',
    threads,
    memoryBytes: totalmem(),
  };
  const reports: DeviceReport[] = [];
  // In turn, not together: the measured speeds must not disturb each other.
  for (const id of ids) reports.push(await probe(id, machine));
  return reports;
}

/**
 * The fastest available device.
 * @throws Error when none is available, which the JavaScript reference makes impossible for a full probe.
 */
export function chooseDevice(reports: readonly DeviceReport[]): AvailableDevice {
  const available = reports.filter((report) => report.isAvailable);
  const [first, ...others] = available;
  if (!first) throw new Error('no device is available');
  return others.reduce((best, report) => (report.gflops > best.gflops ? report : best), first);
}

/** The execution provider behind an `onnx:*` device; undefined for a TensorFlow.js device. */
export function providerOf(id: DeviceId): Provider | undefined {
  switch (id) {
    case 'onnx:cpu':
      return 'cpu';
    case 'onnx:webgpu':
      return 'webgpu';
    case 'onnx:dml':
      return 'dml';
    case 'onnx:coreml':
      return 'coreml';
    case 'onnx:cuda':
      return 'cuda';
    case 'tfjs:tensorflow-gpu':
    case 'tfjs:tensorflow':
    case 'tfjs:cpu':
      return undefined;
  }
}

function probe(id: DeviceId, machine: Machine): Promise<DeviceReport> {
  switch (id) {
    case 'tfjs:tensorflow-gpu':
    case 'tfjs:tensorflow':
      return probeNativeTfjs(id, machine);
    case 'tfjs:cpu':
      return probeTfjsCpu(machine);
    case 'onnx:cpu':
      return probeOnnxProvider('cpu', machine);
    case 'onnx:webgpu':
      return probeOnnxProvider('webgpu', machine);
    case 'onnx:dml':
      return probeOnnxProvider('dml', machine);
    case 'onnx:coreml':
      return probeOnnxProvider('coreml', machine);
    case 'onnx:cuda':
      return probeOnnxProvider('cuda', machine);
  }
}
