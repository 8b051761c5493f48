import type { MachineProbe } from '../../contract/system.ts';
import { CallWorker } from '../../jobs/call-worker.ts';
import { forkNodeWorker } from '../shared/fork-node-worker.ts';
import { workerEntry } from '../shared/paths.ts';

/**
 * Probes modules and devices in a worker of this command's own: no data folder and no lock is needed, so it
 * works while the app is running and when nothing else does.
 * @throws UserError WORKER_FAILED when a native module takes the worker down
 */
export async function probeHere(): Promise<MachineProbe> {
  // The probe reports what native libraries print when they fail, in better words.
  using worker = new CallWorker({
    fork: forkNodeWorker(workerEntry, () => undefined),
    onBug: () => undefined,
  });
  return await worker.call({ kind: 'probe' });
}
