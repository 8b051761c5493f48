import { compileStep } from './compile-step.ts';
import type { CompileStage } from './compile-stage.ts';
import type { DeviceId } from '../devices/report.ts';
import { loadNativeTfjs, type NativeTfjsId } from '../devices/tfjs-probe.ts';
import { eagerStep, EagerState } from './eager-step.ts';
import { EngineState } from './engine-state.ts';
import { DeviceError, type Step, type StepMemory, type StepState } from './step.ts';
import { engineTarget } from './engine-target.ts';
import type { NamedSpecs, StepFunction } from '../trace/trace.ts';

type StepRequest = {
  name: string;
  build: StepFunction;
  inputs: NamedSpecs;
  /** Path prefix of a profile that ONNX Runtime writes; for benchmarks. */
  profilePrefix?: string;
  /** Is shown the graph at each stage of its compilation. */
  onStage?: (stage: CompileStage) => void;
};

type EngineOptions = {
  /** CPU threads of one operator. */
  threads: number;
  /** Where TensorFlow is, for the devices that it drives. */
  tensorflowFolder?: string | undefined;
};

/** State on one device, and steps that read and update it. Disposing it frees the state; dispose the steps before. */
export type EngineSession = Disposable & {
  readonly device: DeviceId;
  readonly state: StepState;
  /** A step ready to run on the state; the caller disposes it. `memory` is absent if it cannot be measured. */
  prepare: (request: StepRequest) => Promise<Step & { memory?: StepMemory }>;
};

/**
 * Opens a device for steps on the state `specs`, which starts as zeros: ONNX Runtime compiles steps, TensorFlow.js
 * runs them op by op.
 * @throws DeviceError when a TensorFlow.js backend cannot be loaded
 */
export async function openEngine(
  device: DeviceId,
  specs: NamedSpecs,
  { threads, tensorflowFolder }: EngineOptions,
): Promise<EngineSession> {
  switch (device) {
    case 'tfjs:cpu':
    case 'tfjs:tensorflow':
    case 'tfjs:tensorflow-gpu':
      return eagerSession(device, specs, tensorflowFolder);
    case 'onnx:cpu':
    case 'onnx:webgpu':
    case 'onnx:dml':
    case 'onnx:coreml':
    case 'onnx:cuda': {
      const state = new EngineState(specs, await engineTarget(device, threads));
      return {
        device,
        state,
        prepare: (request) => compileStep({ ...request, state }),
        [Symbol.dispose]: () => state[Symbol.dispose](),
      };
    }
  }
}

function eagerSession(
  device: 'tfjs:cpu' | 'tfjs:tensorflow' | 'tfjs:tensorflow-gpu',
  specs: NamedSpecs,
  tensorflowFolder: string | undefined,
): EngineSession {
  if (device !== 'tfjs:cpu') loadBackend(device, tensorflowFolder);
  const backend = device === 'tfjs:cpu' ? 'cpu' : 'tensorflow';
  const state = new EagerState(specs);
  return {
    device,
    state,
    prepare: ({ name, build, inputs }) => {
      const step = eagerStep({ build, inputs, state, backend });
      return Promise.resolve({
        run: (values) =>
          step.run(values).catch((error: unknown) => {
            throw new DeviceError(device, name, error);
          }),
        [Symbol.dispose]: () => step[Symbol.dispose](),
      });
    },
    [Symbol.dispose]: () => state[Symbol.dispose](),
  };
}

function loadBackend(device: NativeTfjsId, folder: string | undefined): void {
  try {
    loadNativeTfjs(device, folder);
  } catch (error) {
    throw new DeviceError(device, 'loading its package', error);
  }
}
