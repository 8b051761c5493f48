import { availableParallelism } from 'node:os';

/**
 * [Note: No telemetry] From version 1.30 on, ONNX Runtime reports its use to mobile.events.data.microsoft.com, and
 * keeps a database in the home folder and a log in the temporary folder for it, unless this is set before its first
 * session. Nothing leaves this machine that nobody has asked for.
 */
const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' } as const;

/**
 * [Note: TensorFlow's kernels] With the kernels of oneDNN, TensorFlow 2.21 overwrites memory that is not its own:
 * a training step of a network with 8 channels on 224 px ends the process (measured on an Intel processor with AMX).
 * With its own kernels, which take up to half as long again, it does not.
 */
const OWN_TENSORFLOW_KERNELS = { TF_ENABLE_ONEDNN_OPTS: '0', TF_CPP_MIN_LOG_LEVEL: '1' } as const;

/** The environment of worker processes, as native libraries read it when they are loaded. */
export function workerEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    // Image decoding runs in libuv's pool; see [Note: Sharp's settings].
    UV_THREADPOOL_SIZE: String(2 * availableParallelism()),
    ...NO_TELEMETRY,
    ...OWN_TENSORFLOW_KERNELS,
  };
}
