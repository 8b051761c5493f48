import { userError } from '../contract/errors.ts';
import type { HealthList, HealthProgress, HealthReport, SuspectObject } from '../contract/health.ts';
import { ConceptId, MaskId, type SegmentationId } from '../contract/ids.ts';
import { segmentationFiles } from '../domain/data-layout.ts';
import type { ObjectRow } from '../store/review-queue.ts';
import { allObjects, packObjects, targetsOf } from './all-objects.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';

/** An object that is suspected, as it was when it was checked. */
type Suspect = { maskId: number; concept: number; revision: number; suspicion: number; other: number | null };
type Kept = { report: HealthReport; lists: Record<HealthList, Suspect[]> };
type Checks = { kept: Map<SegmentationId, Kept>; progress: Map<SegmentationId, HealthProgress> };

/** The last checks of a service, by segmentation: they end with it. */
const checksOf = new WeakMap<Service, Checks>();

/** Objects that are probably wrong, in three lists. */
export function healthHandlers(service: Service) {
  const { store, calls, layout } = service;
  const checks: Checks = checksOf.get(service) ?? { kept: new Map(), progress: new Map() };
  checksOf.set(service, checks);
  const { kept, progress } = checks;

  return {
    /** @throws UserError NOT_FOUND; WRONG_STATE for a segmentation that has not been described */
    async check(id: SegmentationId, signal?: AbortSignal): Promise<HealthReport> {
      const { name, hasModel } = segmentationHandlers(service).get(id);
      if (!store.descriptions.get(id)) throw userError('not-described', { name });
      const targets = targetsOf(service, id);
      const targetOf = (concept: number | null) => (concept === null ? 0 : (targets.get(concept) ?? concept));
      const objects = (await allObjects(service, id)).filter(({ review }) => review !== 'rejected');
      const entries = await packObjects(objects, (one) => [
        one.id,
        one.image_id,
        targetOf(one.concept_id),
        one.score,
        one.x,
        one.y,
        one.width,
        one.height,
      ]);
      const found = await calls
        .call(
          { kind: 'check-health', vectorsFile: segmentationFiles(layout, id).vectors, entries },
          { signal, onProgress: (now) => progress.set(id, now) },
        )
        .finally(() => progress.delete(id));
      const byId = new Map(objects.map((one) => [one.id, one]));
      const suspect = (maskId: number, suspicion: number, other: number | null): Suspect[] => {
        const mask = byId.get(maskId);
        if (!mask) return [];
        return [{ maskId, concept: targetOf(mask.concept_id), revision: mask.revision, suspicion, other }];
      };
      const conceptOf = (maskId: number | undefined) => targetOf(byId.get(maskId ?? 0)?.concept_id ?? null);
      const lists = {
        concepts: found.concepts.flatMap((one) => suspect(one.maskId, one.suspicion, one.concept)),
        outlines: found.outlines
          .filter((one) => hasOwnScore(byId.get(one.maskId)))
          .flatMap((one) => suspect(one.maskId, one.suspicion, null)),
        doubles: found.doubles.flatMap(({ maskIds: [one, other], similarity }) => [
          ...suspect(one, similarity, conceptOf(other)),
          ...suspect(other, similarity, conceptOf(one)),
        ]),
      };
      const counts = {
        concepts: lists.concepts.length,
        outlines: lists.outlines.length,
        doubles: found.doubles.length,
      };
      const report = { objectCount: found.objectCount, counts, hasFeatures: hasModel };
      kept.set(id, { report, lists });
      return report;
    },

    /** @throws UserError NOT_FOUND */
    progress(id: SegmentationId): HealthProgress | null {
      segmentationHandlers(service).get(id);
      return progress.get(id) ?? null;
    },

    /** @throws UserError NOT_FOUND */
    get(id: SegmentationId): HealthReport | null {
      segmentationHandlers(service).get(id);
      return kept.get(id)?.report ?? null;
    },

    /** @throws UserError NOT_FOUND, WRONG_STATE before a check */
    list(id: SegmentationId, list: HealthList, limit: number): SuspectObject[] {
      const { name } = segmentationHandlers(service).get(id);
      const found = kept.get(id);
      if (!found) throw userError('health-unchecked', { name });
      const targets = targetsOf(service, id);
      const shown: SuspectObject[] = [];
      const seen = new Set<number>();
      for (const { maskId, concept, revision, suspicion, other } of found.lists[list]) {
        if (shown.length >= limit) break;
        const mask = store.segmentations.getMask(MaskId.parse(maskId));
        const image = mask && store.images.get(mask.imageId);
        if (!image || seen.has(maskId)) continue;
        // What a person has changed or rejected since is settled.
        const now = mask.conceptId === null ? 0 : (targets.get(mask.conceptId) ?? mask.conceptId);
        if (mask.revision !== revision || mask.review === 'rejected' || now !== concept) continue;
        seen.add(maskId);
        const otherConceptId = other === null || other === 0 ? null : ConceptId.parse(other);
        shown.push({ ...mask, relPath: image.relPath, suspicion, otherConceptId });
      }
      return shown;
    },
  };
}

/** Whether a score is that of the outline: a person who draws or corrects one leaves the score as it was. */
function hasOwnScore(object: ObjectRow | undefined): boolean {
  return object?.origin === 'model' && object.review !== 'edited';
}
