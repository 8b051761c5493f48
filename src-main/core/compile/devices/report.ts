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

/** The engine that drives a device: compiled graphs in ONNX Runtime, or eager TensorFlow.js. */
type Engine = 'onnx' | 'tfjs';

type DeviceIdentity = { id: DeviceId; engine: Engine; name: string };

/** A device that ran the probe kernel and returned the right numbers. */
export type AvailableDevice = DeviceIdentity & {
  isAvailable: true;
  /** Memory that the device computes in; absent if the provider does not report it. */
  memoryBytes?: number;
  /** Speed on the probe's convolution, in 1e9 floating point operations a second. */
  gflops: number;
};

/** A device that could not be used, and what a person can do about it. */
type MissingDevice = DeviceIdentity & { isAvailable: false; reason: string; fix: string };

export type DeviceReport = AvailableDevice | MissingDevice;

/** Facts about the machine that a probe names devices by. `platform` is Node's `os.platform()`. */
export type Machine = { platform: string; cpuName: string; threads: number; memoryBytes: number };
