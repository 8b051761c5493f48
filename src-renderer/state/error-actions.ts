import { getContext, setContext } from 'svelte';
import type { ErrorAction } from '../../src-main/contract/errors.ts';
import type { JobId } from '../../src-main/contract/ids.ts';
import type { Jobs } from './jobs.svelte.ts';
import type { Library } from './library.svelte.ts';
import type { Navigation } from './navigation.svelte.ts';
import type { Runs } from './runs.svelte.ts';
import type { Segmentations } from './segmentations.svelte.ts';

const KEY = Symbol('error actions');

/** What actions need of the studio. */
type Actors = {
  navigation: Navigation;
  library: Library;
  runs: Runs;
  segmentations: Segmentations;
  jobs: Jobs;
};

/** Lets panels inside this component do what the hint of an error says. */
export function provideErrorActions(run: (action: ErrorAction) => unknown): void {
  setContext(KEY, run);
}

/** Does what the hint of an error says; undefined outside the app's frame. */
export function errorActions(): ((action: ErrorAction) => unknown) | undefined {
  return getContext<((action: ErrorAction) => unknown) | undefined>(KEY);
}

export async function runErrorAction(studio: Actors, action: ErrorAction): Promise<void> {
  switch (action.kind) {
    case 'rescan':
      studio.navigation.go('library', action.collectionId);
      await studio.library.rescan(action.collectionId);
      return;
    case 'locate-folder':
      studio.library.locate(action.collectionId);
      return;
    case 'resume-segmentation':
      await studio.segmentations.resume(action.segmentationId);
      return;
    case 'pause-job':
      await pause(studio, action.jobId);
      return;
    case 'resume-run':
      studio.navigation.go('pretrain', action.runId);
      await studio.runs.resume(action.runId, action.device);
      return;
    case 'extend-run':
      studio.navigation.go('pretrain', action.runId);
      return;
    case 'show-encoders':
      studio.navigation.go('models', 'encoders');
      return;
    case 'import-model':
      studio.navigation.go('models');
      return;
    case 'show-devices':
      studio.navigation.go('settings');
      return;
    default:
      action satisfies never;
  }
}

async function pause({ jobs }: Actors, id: JobId): Promise<void> {
  const job = jobs.find(id);
  if (job) await jobs.control(job, 'pause');
}
