import { join } from 'node:path';
import type { RunId, SegmentationId } from '../contract/ids.ts';

/** Everything below the data folder, by name. */
export type DataLayout = {
  folder: string;
  database: string;
  cache: string;
  models: string;
  runs: string;
  segmentations: string;
  logs: string;
};

export function dataLayout(folder: string): DataLayout {
  return {
    folder,
    database: join(folder, 'studio.sqlite'),
    cache: join(folder, 'cache'),
    models: join(folder, 'models'),
    runs: join(folder, 'runs'),
    segmentations: join(folder, 'segmentations'),
    logs: join(folder, 'logs'),
  };
}

/** The folder of a run: its image list and checkpoints. */
export function runFolder({ runs }: DataLayout, id: RunId): string {
  return join(runs, String(id));
}

/** Where a segmentation keeps what it learned from its collection. */
export function segmentationFile({ segmentations }: DataLayout, id: SegmentationId): string {
  return join(segmentations, `${id}.model`);
}
