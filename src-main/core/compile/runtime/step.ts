import type { HostData } from '../../tensor/dtype.ts';
import type { DeviceId } from '../devices/report.ts';

/** Tensors in host memory by name, row-major. */
export type HostTensors = Readonly<Record<string, HostData>>;

/**
 * The values that persist from step to step: weights, optimizer buffers, running statistics.
 * Always row-major at this boundary, whatever the engine keeps in memory, so that a snapshot taken on
 * one device restores on another, bit for bit.
 */
export type StepState = Disposable & {
  readonly names: readonly string[];
  /** Bytes that one copy of the state takes. */
  readonly sizeBytes: number;
  /** A copy of one entry. */
  get(name: string): Promise<HostData>;
  /** A copy of every entry. */
  snapshot(): Promise<Record<string, HostData>>;
  /** Replaces the given entries. @throws Error for an unknown name or a wrong size */
  restore(values: HostTensors): Promise<void>;
};

/** Memory that a step needs in addition to the runtime's own. */
export type StepMemory = {
  /** The state itself, shared with other steps on the same state. */
  stateBytes: number;
  /** Second buffers for state entries that cannot be updated in place. */
  spareBytes: number;
  /** Inputs and outputs in host memory. */
  boundaryBytes: number;
  /** Constants of the graph. */
  constantBytes: number;
  /** Most that intermediate results take at one time, from their lifetimes in execution order. */
  activationBytes: number;
};

/** A step that is ready to run. */
export type Step = Disposable & {
  /**
   * Runs once: reads the inputs, updates the state, returns the outputs (copies, row-major).
   * After an error the state is undefined; restore a snapshot before continuing.
   */
  run(inputs: HostTensors): Promise<Record<string, HostData>>;
};

/**
 * A device failed while it ran a step: its driver restarted, its memory ran out, it was unplugged.
 * The state is undefined afterwards. Whether to continue elsewhere from a checkpoint is the caller's, and
 * in the end a person's, decision: nothing here falls back.
 */
export class DeviceError extends Error {
  readonly device: DeviceId;

  constructor(device: DeviceId, stepName: string, cause: unknown) {
    super(`${device} failed in '${stepName}': ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = 'DeviceError';
    this.device = device;
  }
}
