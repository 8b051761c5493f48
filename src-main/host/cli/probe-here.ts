import type { MachineProbe } from '../../contract/system.ts';
import { DeviceProbe } from '../../jobs/device-probe.ts';
import { dataLayout } from '../../domain/data-layout.ts';
import { forkNodeWorker } from '../shared/fork-node-worker.ts';
import { workerEntry } from '../shared/paths.ts';

/**
 * Probes modules and devices in a worker of this command's own: no data folder and no lock is needed, so it
 * works while the app is running and when nothing else does.
 * @param folder the data folder, whose earlier comparisons are used if it is there
 * @param devices those to probe; all by default
 * @throws UserError WORKER_FAILED when a native module takes the worker down
 */
export async function probeHere(folder: string, devices?: readonly string[]): Promise<MachineProbe> {
  // The probe reports what native libraries print when they fail, in better words.
  using probe = new DeviceProbe({
    fork: forkNodeWorker(workerEntry, () => undefined),
    onBug: () => undefined,
    layout: dataLayout(folder),
  });
  return await probe.probe(devices);
}
