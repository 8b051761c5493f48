import { setTimeout as wait } from 'node:timers/promises';
import type { MachineProbe } from '../contract/system.ts';
import { deviceVerdictsFile, type DataLayout } from '../domain/data-layout.ts';
import { CallWorker } from './call-worker.ts';
import { VULKAN_NAMES_ITS_DEVICE, vulkanAdapterIn } from './vulkan-adapter.ts';
import type { ForkWorker } from './worker-channel.ts';

/** What the driver printed comes by another way than the answer, and can be later. */
const OUTPUT_WAIT_MS = 20;
const OUTPUT_WAITS = 25;

export type DeviceProbeOptions = {
  fork: ForkWorker;
  onBug: (error: unknown, where: string) => void;
  layout: DataLayout;
};

/**
 * Probes native modules and devices in a separate worker: a driver that crashes takes nothing else along, and what it
 * prints on its own says which GPU it is.
 */
export class DeviceProbe implements Disposable {
  readonly #options: DeviceProbeOptions;
  readonly #running = new Set<CallWorker>();

  constructor(options: DeviceProbeOptions) {
    this.#options = options;
  }

  /**
   * @param devices those to probe; all by default
   * @throws UserError WORKER_FAILED when a native module takes the worker down
   */
  async probe(devices?: readonly string[]): Promise<MachineProbe> {
    const { fork, onBug, layout } = this.#options;
    let output = '';
    const onOutput = (text: string) => void (output += `${text}\n`);
    const worker = new CallWorker({
      fork: () => fork({ environment: VULKAN_NAMES_ITS_DEVICE, onOutput }),
      onBug,
    });
    this.#running.add(worker);
    try {
      const isAsked = devices?.includes('onnx:webgpu') ?? true;
      const webgpuAdapter = isAsked ? await nameWebGpu(worker, () => output) : null;
      const some = devices ? { devices: [...devices] } : {};
      return await worker.call({
        kind: 'probe',
        ...some,
        webgpuAdapter,
        verdictsFile: deviceVerdictsFile(layout.cache),
        tensorflowFolder: layout.tensorflow,
        torchFolder: layout.torch,
      });
    } finally {
      this.#running.delete(worker);
      worker[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    for (const worker of this.#running) worker[Symbol.dispose]();
  }
}

/** Null where Vulkan is not what the system has, or has no device. */
async function nameWebGpu(worker: CallWorker, output: () => string) {
  if (process.platform !== 'linux') return null;
  if (!(await worker.call({ kind: 'open-webgpu' }))) return null;
  for (let waited = 0; waited < OUTPUT_WAITS; waited++) {
    const adapter = vulkanAdapterIn(output());
    if (adapter) return adapter;
    await wait(OUTPUT_WAIT_MS);
  }
  return null;
}
