import type { Client } from '../../src-main/contract/contract.ts';
import type { Job } from '../../src-main/contract/job.ts';
import { attemptLoudly } from './attempt.ts';
import type { Navigation } from './navigation.svelte.ts';
import type { Segmentations } from './segmentations.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';

/** What the next step needs of the studio. */
type Guides = { client: Client; navigation: Navigation; segmentations: Segmentations; toasts: Toasts };

/** Goes to what a job made, or to what is done with it next. */
export async function takeNextStep(studio: Guides, { spec }: Job): Promise<void> {
  const { client, navigation, segmentations, toasts } = studio;
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
        navigation.go('pretrain', spec.runId);
        return;
      case 'segment':
      case 'describe':
        navigation.go('masks', spec.segmentationId);
        return;
      case 'map':
        navigation.go('masks', spec.segmentationId);
        navigation.setQuery({ map: 'objects' });
        return;
      case 'export':
        navigation.go('datasets', (await client.exports.get({ id: spec.exportId })).versionId ?? 'new');
        return;
      case 'import':
        navigation.go('masks', (await client.maskImports.get({ id: spec.importId })).options.segmentationId);
        return;
      default:
        spec satisfies never;
    }
  });
}

/** Shows the form of a new segmentation of a collection. */
export function startSegmenting({ navigation }: Pick<Guides, 'navigation'>, collectionId: number): void {
  navigation.go('masks', 'new');
  navigation.setQuery({ collection: String(collectionId) });
}
