import { join } from 'node:path';
import { forkNodeWorker } from '../../src-main/host/shared/fork-node-worker.ts';
import type { ForkWorker } from '../../src-main/jobs/worker-channel.ts';

type Script =
  | 'babbling'
  | 'beating'
  | 'halfway'
  | 'hasty'
  | 'last-words'
  | 'lingering'
  | 'never-asked'
  | 'pauses-late'
  | 'saves-late'
  | 'silent'
  | 'stubborn';

/** Forks one of the scripts in `workers`, which behave as no real worker would at will. */
export function workerOf(name: Script): ForkWorker {
  return forkNodeWorker(join(import.meta.dirname, 'workers', `${name}.mjs`), () => undefined);
}
