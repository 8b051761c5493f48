import { Split } from '../contract/dataset.ts';
import { userError } from '../contract/errors.ts';
import { JobId, type CollectionId, type DatasetVersionId, type ImageId } from '../contract/ids.ts';
import type { Job } from '../contract/job.ts';
import { isUnderWay } from '../contract/job-state.ts';
import type { HideStep, LookAlikeGrade, LookAlikeState, SplitLeaks } from '../contract/look-alike.ts';
import { collectionHandlers } from './collections.ts';
import { lookAlikeKeys } from './look-alike-keys.ts';
import { datasetHandlers } from './datasets.ts';
import type { Service } from './service.ts';

const PAGE = 500;
/** Groups with images in several splits that are named; the others are only counted. */
const EXAMPLES = 10;

/** Images that look alike: compared by a job, hidden and shown in steps that can be undone. */
export function lookAlikeHandlers(service: Service) {
  const { store, queue } = service;
  const collections = collectionHandlers(service);

  const state = (id: CollectionId): LookAlikeState => {
    const { lastScanAtMs } = collections.get(id);
    const comparison = store.lookAlikes.comparison(id);
    const jobId = store.lookAlikes.jobOf(id);
    const job = jobId === null ? undefined : store.jobs.get(JobId.parse(jobId));
    return {
      comparison: comparison && {
        ...comparison,
        isOutdated: (lastScanAtMs ?? 0) > comparison.finishedAtMs,
      },
      hiddenCount: store.lookAlikes.hiddenCount(id),
      job: job && isUnderWay(job.state) ? queue.get(job.id) : null,
    };
  };

  const announce = (id: CollectionId): void => service.publish({ type: 'collection', collectionId: id });

  return {
    state,

    /** @throws UserError NOT_FOUND, WRONG_STATE for a collection without usable images */
    compare(id: CollectionId): Job {
      const { name, counts } = collections.get(id);
      if (counts.usable === 0) throw userError('no-images-to-compare', { name });
      const { job } = state(id);
      if (job) return job;
      return store.together(() => {
        const queued = queue.enqueue({ kind: 'compare', collectionId: id }, `Compare ${name}`);
        store.lookAlikes.setJob(id, queued.id);
        return queued;
      });
    },

    groups(query: { id: CollectionId; grade: LookAlikeGrade; cursor: string | null; limit: number }) {
      collections.get(query.id);
      return store.lookAlikes.groups(query);
    },

    keepBest(request: { id: CollectionId; grade: LookAlikeGrade; group?: number | undefined }): HideStep {
      const { name } = collections.get(request.id);
      if (!store.lookAlikes.comparison(request.id)) throw userError('not-compared', { name });
      const done = store.lookAlikes.keepBest(request, service.nowMs());
      announce(request.id);
      return done;
    },

    /** @throws UserError NOT_FOUND */
    setHidden(imageIds: readonly ImageId[], isHidden: boolean): HideStep {
      const images = imageIds.map((id) => {
        const image = store.images.get(id);
        if (!image) throw userError('no-image', { id });
        return image;
      });
      const done = isHidden
        ? store.lookAlikes.hide(imageIds, service.nowMs())
        : { changed: store.lookAlikes.show(imageIds), step: null };
      for (const id of new Set(images.map(({ collectionId }) => collectionId))) announce(id);
      return done;
    },

    undoHide(step: number): { changed: number } {
      const changed = store.lookAlikes.undo(step);
      for (const { id } of store.collections.list()) announce(id);
      return { changed };
    },

    /** @throws UserError NOT_FOUND */
    async leaks(id: DatasetVersionId): Promise<SplitLeaks> {
      datasetHandlers(service).version(id);
      const groups = await groupedImages(service, id);
      const leaking = [...groups.values()].filter(
        (members) => new Set(members.map(({ split }) => split)).size > 1,
      );
      return {
        groups: leaking.length,
        images: leaking.reduce((sum, members) => sum + members.length, 0),
        uncompared: store.lookAlikes.uncompared(id),
        examples: leaking.slice(0, EXAMPLES).map((members) => members.slice(0, EXAMPLES)),
      };
    },
  };
}

/** The images of a version by the group that they look like; of the wider grade if they are in both. */
async function groupedImages(
  { store }: Service,
  versionId: DatasetVersionId,
): Promise<Map<string, { relPath: string; split: Split }[]>> {
  const groupOf = lookAlikeKeys(store, store.lookAlikes.collectionsOf(versionId));
  const groups = new Map<string, { relPath: string; split: Split }[]>();
  for (let afterId = 0; groupOf.size > 0;) {
    const images = store.datasetRows.page({ versionId, afterId, limit: PAGE });
    const last = images.at(-1);
    if (!last) break;
    for (const { contentHash, relPath, split } of images) {
      const key = groupOf.get(contentHash)?.at(-1);
      if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), { relPath, split }]);
    }
    afterId = last.id;
    await new Promise(setImmediate);
  }
  return groups;
}
