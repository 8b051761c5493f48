import type { Told } from '../../../contract/error-texts/error-text.ts';

/** Every way of computing that is probed. `onnx:*` are ONNX Runtime execution providers. */
export const DEVICE_IDS = [
  'onnx:cpu',
  'onnx:webgpu',
  'onnx:dml',
  'onnx:coreml',
  'onnx:cuda',
  'tfjs:tensorflow-gpu',
  'tfjs:tensorflow',
  'tfjs:cpu',
] as const;

export type DeviceId = (typeof DEVICE_IDS)[number];

/** Name of an ONNX Runtime execution provider that the engine can compile for. */
export type Provider = 'cpu' | 'webgpu' | 'dml' | 'coreml' | 'cuda';

/** The engine that drives a device: compiled graphs in ONNX Runtime, or eager TensorFlow.js. */
type Engine = 'onnx' | 'tfjs';

type DeviceIdentity = {
  id: DeviceId;
  engine: Engine;
  name: Told;
  /** Whether the GPU is one that a program imitates on the CPU. */
  isSoftware: boolean;
};

/** What computes behind a driver, in the driver's words. */
export type Adapter = {
  name: string;
  /** What changes with the driver: its version, or the file that it is in. */
  driver: string;
};

/** Where the operators of the probe ran. */
export type Placement = {
  /** Operators that were run. */
  total: number;
  /** Those of them that ran on the CPU instead of the device, by type. */
  onCpu: Record<string, number>;
};

/** A device that ran the probe's computations and returned the right numbers. */
export type AvailableDevice = DeviceIdentity & {
  isAvailable: true;
  /** Memory that the device computes in; absent if the provider does not report it. */
  memoryBytes?: number;
  /** Speed on the probe's convolution, in 1e9 floating point operations a second. */
  gflops: number;
  /** Absent for devices that have no CPU to leave operators to. */
  placement?: Placement;
};

/** A device that could not be used, and what a person can do about it. */
type MissingDevice = DeviceIdentity & { isAvailable: false; reason: Told; fix: Told };

export type DeviceReport = AvailableDevice | MissingDevice;

/** Facts about the machine that a probe names devices by. `platform` and `arch` are Node's. */
export type Machine = {
  platform: string;
  arch: string;
  cpuName: string;
  threads: number;
  memoryBytes: number;
};

/** What a comparison with the CPU found. */
export type Verdict = {
  /** The first wrong result, as a sentence; null where all are right. */
  wrong: Told | null;
  placement: Placement | null;
};

/** Verdicts of earlier probes. A key names everything that a verdict depends on. */
export type Verdicts = {
  read: (key: string) => Verdict | undefined;
  write: (key: string, verdict: Verdict) => void;
};

/** Programs that imitate a GPU: SwiftShader, Mesa's llvmpipe and lavapipe, Microsoft's WARP. */
const SOFTWARE_ADAPTERS = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|basic render/i;

export function isSoftwareAdapter(adapter: Adapter): boolean {
  return SOFTWARE_ADAPTERS.test(adapter.name);
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
