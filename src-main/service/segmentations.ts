import { wholeSegmentation } from '../contract/event.ts';
import { rm, stat } from 'node:fs/promises';
import { phrase } from '../contract/error-texts/error-text.ts';
import { userError } from '../contract/errors.ts';
import { freeName } from '../contract/free-name.ts';
import type { CollectionId, JobId, SegmentationId } from '../contract/ids.ts';
import type { Job } from '../contract/job.ts';
import { isOpen, isResumable, isUnderWay } from '../contract/job-state.ts';
import type { CollectionChanges, Segmentation, SegmentRequest } from '../contract/segmentation.ts';
import { segmentationFiles, type DataLayout } from '../domain/data-layout.ts';
import { givenPath } from '../domain/given-path.ts';
import type { Service } from './service.ts';

/** What a job does: everything, only images without masks, or only learning from the collection. */
type Extent = 'all' | 'new' | 'learning';

/** Segmentations as clients handle them: rows, concepts and masks in the store, jobs that make them. */
export function segmentationHandlers(service: Service) {
  const { store, queue, layout } = service;

  const get = (id: SegmentationId): Segmentation => {
    const segmentation = store.segmentations.get(id);
    if (segmentation) return queue.current(segmentation);
    throw userError('no-segmentation', { id });
  };

  const announce = (id: SegmentationId): Segmentation => {
    service.publish(wholeSegmentation(id));
    return get(id);
  };

  /** The last job of a segmentation, if it was to do the same and can continue. */
  const resumableJob = ({ jobId, state }: Segmentation, extent: Extent): JobId | null => {
    if (jobId === null || state === null || !isResumable(state)) return null;
    const spec = store.jobs.get(jobId)?.spec;
    if (spec?.kind !== 'segment') return null;
    const { isNewOnly = false, isLearningOnly = false } = spec;
    const isSame = isNewOnly === (extent === 'new') && isLearningOnly === (extent === 'learning');
    return isSame ? jobId : null;
  };

  const queueJob = (
    segmentation: Segmentation,
    extent: Extent = 'all',
  ): { segmentation: Segmentation; job: Job } => {
    const { id, name } = segmentation;
    const jobId = resumableJob(segmentation, extent);
    const spec = {
      kind: 'segment',
      segmentationId: id,
      ...(extent === 'new' && { isNewOnly: true }),
      ...(extent === 'learning' && { isLearningOnly: true }),
    } as const;
    const job = jobId === null ? queue.enqueue(spec, `Segment ${name}`) : queue.resume(jobId);
    store.segmentations.setJob(id, job.id);
    return { segmentation: announce(id), job };
  };

  return {
    get,

    list(collectionId: CollectionId | undefined): Segmentation[] {
      const rows =
        collectionId === undefined
          ? store.segmentations.list()
          : store.segmentations.ofCollection(collectionId);
      return rows.map((row) => queue.current(row));
    },

    /** Queues a new segmentation of a collection. */
    async start(
      request: SegmentRequest,
      extent: Exclude<Extent, 'new'> = 'all',
    ): Promise<{ segmentation: Segmentation; job: Job }> {
      const { collectionId, modelId, settings } = request;
      const collection = store.collections.get(collectionId);
      if (!collection) throw userError('no-collection', { id: collectionId });
      if (collection.counts.usable === 0) {
        throw userError(
          'no-usable-images',
          { name: collection.name },
          { action: { kind: 'rescan', collectionId } },
        );
      }
      const model = modelId === undefined ? undefined : store.models.get(modelId);
      if (modelId !== undefined && !model) throw userError('no-model', { id: modelId });
      const device = await service.segmentingDevice({ id: request.device, hasEncoder: model !== undefined });
      const segmentation = {
        collectionId,
        modelId: modelId ?? null,
        // Of names alone, which are in nobody's language: without an encoder, that of the collection.
        name:
          request.name ??
          freeName([collection.name, model?.name].filter(Boolean).join(', '), store.segmentations.list()),
        settings,
        device,
        createdAtMs: service.nowMs(),
      };
      return store.together(() => queueJob(get(store.segmentations.insert(segmentation)), extent));
    },

    /**
     * Resumes a stopped segmentation; adds images that are new or have changed since to a finished one.
     * @throws UserError WRONG_STATE while its job runs, or if only new images are asked for before it was finished
     */
    resume({ id, isNewOnly }: { id: SegmentationId; isNewOnly: boolean }): {
      segmentation: Segmentation;
      job: Job;
    } {
      const segmentation = get(id);
      const { state, name, finishedAtMs } = segmentation;
      if (isNewOnly && finishedAtMs === null) {
        throw userError(
          'segmentation-unfinished',
          { name },
          { action: { kind: 'resume-segmentation', segmentationId: id } },
        );
      }
      if (state === null || !isUnderWay(state)) return queueJob(segmentation, isNewOnly ? 'new' : 'all');
      throw userError('segmentation-active', { name: segmentation.name, state: phrase(state) });
    },

    changes(id: SegmentationId): CollectionChanges {
      get(id);
      return store.segmentations.changes(id);
    },

    rename(id: SegmentationId, name: string): Segmentation {
      get(id);
      store.segmentations.rename(id, name);
      return announce(id);
    },

    /** Deletes a segmentation with its concepts and masks, in small steps. */
    async remove(id: SegmentationId): Promise<null> {
      const { jobId, state } = get(id);
      if (jobId !== null && state !== null && isOpen(state)) await queue.cancelAndWait(jobId);
      while (!store.segmentations.removeChunk(id)) await new Promise(setImmediate);
      await removeLearned(layout, id);
      service.publish({ type: 'segmentation-removed', segmentationId: id });
      return null;
    },
  };
}

/** Removes what a segmentation has learned. */
export async function removeLearned(layout: DataLayout, id: SegmentationId): Promise<void> {
  for (const file of Object.values(segmentationFiles(layout, id))) await rm(file, { force: true });
}

/** The folder of ground truth. @throws UserError FOLDER_NOT_FOUND, NOT_A_FOLDER */
export async function truthFolderAt(path: string): Promise<string> {
  const folder = givenPath(path);
  const stats = await stat(folder).catch(() => undefined);
  if (stats?.isDirectory() === true) return folder;
  throw userError(stats ? 'root-not-a-folder' : 'no-truth-folder', { path: folder });
}
