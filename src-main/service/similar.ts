import { userError } from '../contract/errors.ts';
import { ImageId, JobId, MaskId, type SegmentationId } from '../contract/ids.ts';
import type { Job } from '../contract/job.ts';
import { isUnderWay } from '../contract/job-state.ts';
import type { Mask } from '../contract/mask.ts';
import type { SimilarImage, SimilarObject, SimilarState } from '../contract/similar.ts';
import { segmentationFiles } from '../domain/data-layout.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';

/** More than asked for are looked for, because masks may have been deleted since they were described. */
const SPARE = 50;

/** Images and objects that look alike. */
export function similarHandlers(service: Service) {
  const { store, queue, calls, layout } = service;
  const segmentations = segmentationHandlers(service);

  const state = (id: SegmentationId): SimilarState => {
    const { hasModel } = segmentations.get(id);
    const description = store.descriptions.get(id);
    const jobId = store.descriptions.jobOf(id);
    const job = jobId === null ? undefined : store.jobs.get(JobId.parse(jobId));
    return {
      description: description && { ...description, hasFeatures: hasModel },
      job: job && isUnderWay(job.state) ? queue.get(job.id) : null,
    };
  };

  /** @throws UserError WRONG_STATE for a segmentation that has not been described */
  const vectorsOf = (id: SegmentationId): string => {
    const { name } = segmentations.get(id);
    if (!store.descriptions.get(id)) throw userError('not-described', { name });
    return segmentationFiles(layout, id).vectors;
  };

  return {
    state,

    /** @throws UserError NOT_FOUND, WRONG_STATE for a segmentation without finished images */
    describe(id: SegmentationId): Job {
      const { name, imageCount } = segmentations.get(id);
      if (imageCount === 0) throw userError('segmentation-empty', { id });
      const { job } = state(id);
      if (job) return job;
      return store.together(() => {
        const queued = queue.enqueue({ kind: 'describe', segmentationId: id }, `Describe ${name}`);
        store.descriptions.setJob(id, queued.id);
        return queued;
      });
    },

    /** @throws UserError NOT_FOUND, WRONG_STATE */
    async images(id: SegmentationId, imageId: ImageId, limit: number): Promise<SimilarImage[]> {
      const vectorsFile = vectorsOf(id);
      if (!store.segmentations.contentOf(id, imageId))
        throw userError('not-in-segmentation', { imageId, id });
      const { found } = await calls.call({
        kind: 'find-similar',
        vectorsFile,
        of: { imageId },
        limit: limit + SPARE,
      });
      if (!found) {
        store.descriptions.outdate(id);
        throw userError('image-not-described', { imageId });
      }
      const similarity = new Map(found.map((one) => [one.id, one.similarity]));
      return store.gallery
        .tiles(
          id,
          found.map((one) => ImageId.parse(one.id)),
        )
        .slice(0, limit)
        .map(({ imageId, relPath }) => ({ imageId, relPath, similarity: similarity.get(imageId) ?? 0 }));
    },

    /** @throws UserError NOT_FOUND, WRONG_STATE */
    async objects(maskId: MaskId, limit: number): Promise<{ sought: Mask; found: SimilarObject[] }> {
      const mask = store.segmentations.getMask(maskId);
      if (!mask) throw userError('no-mask', { id: maskId });
      const vectorsFile = vectorsOf(mask.segmentationId);
      const { found } = await calls.call({
        kind: 'find-similar',
        vectorsFile,
        of: { maskId },
        limit: limit + SPARE,
      });
      if (!found) {
        store.descriptions.outdate(mask.segmentationId);
        throw userError('object-not-described', { id: maskId });
      }
      const objects = found.flatMap(({ id, similarity }) => {
        const one = store.segmentations.getMask(MaskId.parse(id));
        const image = one && store.images.get(one.imageId);
        return image ? [{ ...one, relPath: image.relPath, similarity }] : [];
      });
      return { sought: mask, found: objects.slice(0, limit) };
    },
  };
}
