import { changedMasks } from '../contract/event.ts';
import { userError } from '../contract/errors.ts';
import type { ForegroundState, ProposedForeground } from '../contract/foreground-proposal.ts';
import { JobId, type ConceptId, type ImageId, type SegmentationId } from '../contract/ids.ts';
import type { Job } from '../contract/job.ts';
import { isOnHold, isOpen } from '../contract/job-state.ts';
import type { EditBatch } from '../contract/mask-edit.ts';
import type { ImageStep, MaskWrite } from '../store/mask-states.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';

/** Images whose objects change in one transaction. */
const IMAGES_AT_ONCE = 20;

/** What corrected masks teach about the foregrounds of other images: looked through, applied as one step, or thrown away. */
export function foregroundProposalHandlers(service: Service) {
  const { store, queue } = service;
  const segmentations = segmentationHandlers(service);
  const { foregroundProposals } = store;

  const lastJob = (id: SegmentationId): Job | undefined => {
    const jobId = foregroundProposals.jobOf(id);
    return jobId === null ? undefined : store.jobs.get(JobId.parse(jobId));
  };

  const state = (id: SegmentationId): ForegroundState => {
    segmentations.get(id);
    const job = lastJob(id);
    if (job && isOpen(job.state)) return { proposal: null, job: queue.get(job.id) };
    return { proposal: foregroundProposals.get(id), job: null };
  };

  /** @throws UserError NOT_FOUND, WRONG_STATE where nothing is proposed */
  const requireProposal = (id: SegmentationId): void => {
    const { name } = segmentations.get(id);
    if (!state(id).proposal) throw userError('no-proposal', { name });
  };

  const stepOf = (
    segmentationId: SegmentationId,
    imageId: ImageId,
    concepts: ReadonlyMap<number, ConceptId>,
  ): ImageStep | null => {
    const place = { segmentationId, imageId };
    if (!foregroundProposals.isCurrent(place)) return null;
    const removed = store.segmentations
      .masksOf(segmentationId, imageId)
      .filter(({ level }) => level === 0)
      .map(({ id, revision }): MaskWrite => ({ kind: 'remove', id, revision }));
    const added = foregroundProposals.objects(place).map(({ concept, ...object }): MaskWrite => ({
      kind: 'insert',
      mask: {
        ...object,
        conceptId: concept === null ? null : (concepts.get(concept) ?? null),
        origin: 'model',
        level: 0,
        review: 'pending',
      },
    }));
    return { ...place, kind: 'recut', writes: [...removed, ...added] };
  };

  return {
    state,

    /** @throws UserError NOT_FOUND; WRONG_STATE without finished images or an encoder, or where foregrounds are not learned */
    make(id: SegmentationId): Job {
      const { name, imageCount, foreground, hasModel } = segmentations.get(id);
      if (imageCount === 0) throw userError('segmentation-empty', { id });
      if (!hasModel) throw userError('corrections-need-encoder', { name });
      if (foreground?.way === 'even-ground' || foreground?.way === 'not-needed')
        throw userError('foregrounds-not-learned', { name });
      const job = lastJob(id);
      if (job && isOpen(job.state)) return isOnHold(job.state) ? queue.resume(job.id) : queue.get(job.id);
      return store.together(() => {
        const queued = queue.enqueue({ kind: 'recut', segmentationId: id }, `New foregrounds of ${name}`);
        foregroundProposals.begin(id, queued.id);
        return queued;
      });
    },

    /** @throws UserError NOT_FOUND, WRONG_STATE where nothing is proposed */
    images(id: SegmentationId, limit: number): ProposedForeground[] {
      requireProposal(id);
      const listed = foregroundProposals.list(id, limit);
      const tiles = new Map(
        store.gallery
          .tiles(
            id,
            listed.map(({ imageId }) => imageId),
          )
          .map((tile) => [tile.imageId, tile]),
      );
      return listed.flatMap(({ imageId, likeness }) => {
        const tile = tiles.get(imageId);
        if (!tile) return [];
        const { relPath, contentHash, maskCount, version } = tile;
        const after = foregroundProposals.objects({ segmentationId: id, imageId }).length;
        return [{ imageId, relPath, contentHash, likeness, before: maskCount, after, version }];
      });
    },

    /** @throws UserError NOT_FOUND, WRONG_STATE where nothing is proposed */
    async apply(id: SegmentationId, except: readonly ImageId[]): Promise<EditBatch> {
      requireProposal(id);
      const left = new Set(except);
      const wanted = foregroundProposals.list(id).filter(({ imageId }) => !left.has(imageId));
      const concepts = store.concepts.idsOf(id);
      const done: ImageStep[] = [];
      let batch: number | null = null;
      for (let start = 0; start < wanted.length; start += IMAGES_AT_ONCE) {
        const steps = wanted
          .slice(start, start + IMAGES_AT_ONCE)
          .flatMap(({ imageId }) => stepOf(id, imageId, concepts) ?? []);
        batch = store.maskEdits.applyAll(steps, service.nowMs(), batch);
        done.push(...steps);
        await new Promise(setImmediate);
      }
      foregroundProposals.remove(id);
      service.publish(
        changedMasks(
          id,
          done.map(({ imageId }) => imageId),
        ),
      );
      return { changed: done.length, batch };
    },

    /** Also one that is being made. */
    async discard(id: SegmentationId): Promise<null> {
      segmentations.get(id);
      const job = lastJob(id);
      if (job && isOpen(job.state)) await queue.cancelAndWait(job.id);
      foregroundProposals.remove(id);
      return null;
    },
  };
}
