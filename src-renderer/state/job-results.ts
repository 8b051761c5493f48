import type { Client } from '../../src-main/contract/contract.ts';
import type { Job } from '../../src-main/contract/job.ts';
import { attemptLoudly } from './attempt.ts';
import type { Models } from './models.svelte.ts';
import type { Navigation } from './navigation.svelte.ts';
import type { Runs } from './runs.svelte.ts';
import type { Segmentations } from './segmentations.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';

/** What the next step needs of the studio. */
type Guides = {
  client: Client;
  models: Models;
  navigation: Navigation;
  runs: Runs;
  segmentations: Segmentations;
  toasts: Toasts;
};

/** Goes to what a job made, or to what is done with it next. */
export async function takeNextStep(studio: Guides, { spec }: Job): Promise<void> {
  const { client, navigation, segmentations, toasts } = studio;
  const isStillHere = navigation.stay();
  await attemptLoudly(toasts, async () => {
    switch (spec.kind) {
      case 'scan': {
        const newest = segmentations.all.find(({ collectionId }) => collectionId === spec.collectionId);
        if (newest) navigation.go('masks', newest.id);
        else startSegmenting(studio, spec.collectionId);
        return;
      }
      case 'compare':
        navigation.go('library', spec.collectionId, 'duplicates');
        return;
      case 'pretrain':
        if (!segmentWithModelOf(studio, spec.runId)) navigation.go('pretrain', spec.runId);
        return;
      case 'segment':
      case 'describe':
      case 'recut':
        navigation.go('masks', spec.segmentationId);
        return;
      case 'map':
        navigation.go('masks', spec.segmentationId);
        navigation.setQuery({ map: 'objects' });
        return;
      case 'export':
        await client.exports.get({ id: spec.exportId }).then(({ versionId }) => {
          if (isStillHere()) navigation.go('datasets', versionId ?? 'new');
        });
        return;
      case 'import':
        await client.maskImports.get({ id: spec.importId }).then(({ options }) => {
          if (isStillHere()) navigation.go('masks', options.segmentationId);
        });
        return;
      default:
        spec satisfies never;
    }
  });
}

/**
 * Shows the form of a new segmentation of the images that a run has learned from, with its model.
 * @returns false if there is no model of it yet, or its collection was removed
 */
export function segmentWithModelOf(
  studio: Pick<Guides, 'models' | 'navigation' | 'runs'>,
  runId: number,
): boolean {
  const model = studio.models.ofRun(runId);
  const collectionId = studio.runs.find(runId)?.collectionId ?? null;
  if (!model || collectionId === null) return false;
  startSegmenting(studio, collectionId, model.id);
  return true;
}

/** Shows the form of a new segmentation of a collection, with a model if one is named. */
export function startSegmenting(
  { navigation }: Pick<Guides, 'navigation'>,
  collectionId: number,
  modelId?: number,
): void {
  navigation.go('masks', 'new');
  navigation.setQuery({
    collection: String(collectionId),
    ...(modelId !== undefined && { model: String(modelId) }),
  });
}
