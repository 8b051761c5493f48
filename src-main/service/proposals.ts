import { changedMasks } from '../contract/event.ts';
import { userError } from '../contract/errors.ts';
import { MaskId, type ConceptId, type SegmentationId } from '../contract/ids.ts';
import type { EditBatch } from '../contract/mask-edit.ts';
import type { Mask, ReviewState } from '../contract/mask.ts';
import type { Proposal, ProposedPart } from '../contract/proposal.ts';
import { segmentationFiles } from '../domain/data-layout.ts';
import type { OwnedMask } from '../store/mask-row.ts';
import type { ImageStep, MaskWrite } from '../store/mask-states.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';

/** What is suggested for one object, as it was when it was suggested. */
type Proposed = {
  mask: OwnedMask;
  /** Null to leave it. */
  conceptId: ConceptId | null;
  review: 'accepted' | 'rejected' | null;
  confidence: number;
};
type Kept = { summary: Proposal; proposed: Proposed[] };

/** Masks that are read before others get their turn: a few milliseconds. */
const AT_ONCE = 500;
/** Images whose masks change in one transaction. */
const IMAGES_AT_ONCE = 20;
/** Numbers of an entry, see `predictDecisions`. */
const ENTRY = 5;

/** The proposals of a service, by segmentation: they end with it. */
const keptBy = new WeakMap<Service, Map<SegmentationId, Kept>>();

/** What the decisions of a person suggest for other objects: looked through, applied as one step, or thrown away. */
export function proposalHandlers(service: Service) {
  const { store, calls, layout } = service;
  const kept = keptBy.get(service) ?? new Map<SegmentationId, Kept>();
  keptBy.set(service, kept);

  const find = (id: SegmentationId): Kept => {
    const { name } = segmentationHandlers(service).get(id);
    const found = kept.get(id);
    if (found) return found;
    throw userError('no-proposal', { name });
  };

  return {
    /** @throws UserError NOT_FOUND; WRONG_STATE for a segmentation that has not been described */
    async make(id: SegmentationId, signal?: AbortSignal): Promise<Proposal> {
      const { name } = segmentationHandlers(service).get(id);
      if (!store.descriptions.get(id)) throw userError('not-described', { name });
      const targets = new Map(store.concepts.of(id).map((one) => [one.id, one.mergedInto ?? one.id]));
      const { concepts, reviews } = store.decisions.of(id);
      const labels = [...new Set(concepts.map(({ conceptId }) => targets.get(conceptId) ?? conceptId))];
      const { entries, ...learned } = await calls.call(
        {
          kind: 'predict-decisions',
          vectorsFile: segmentationFiles(layout, id).vectors,
          concepts: concepts.map(({ maskId, conceptId }) => ({
            maskId,
            label: labels.indexOf(targets.get(conceptId) ?? conceptId),
          })),
          reviews: reviews.map(({ maskId, isAccepted }) => ({ maskId, label: Number(isAccepted) })),
        },
        { signal },
      );
      const decided = new Set<number>(concepts.map(({ maskId }) => maskId));
      const proposed: Proposed[] = [];
      const numbers = new Float64Array(new Uint8Array(entries).buffer);
      for (let at = 0; at < numbers.length; at += ENTRY) {
        if ((at / ENTRY) % AT_ONCE === AT_ONCE - 1) await new Promise(setImmediate);
        const [maskId = 0, label = -1, labelSure = 0, review = -1, reviewSure = 0] = numbers.subarray(
          at,
          at + ENTRY,
        );
        const mask = store.segmentations.getMask(MaskId.parse(maskId));
        if (!mask) continue;
        const conceptId = decided.has(maskId) ? null : (labels[label] ?? null);
        const isNew = conceptId !== null && targets.get(mask.conceptId ?? conceptId) !== conceptId;
        const isMoved = isNew || (conceptId !== null && mask.conceptId === null);
        const isReviewed = review >= 0 && mask.review === 'pending';
        if (!isMoved && !isReviewed) continue;
        proposed.push({
          mask,
          conceptId: isMoved ? conceptId : null,
          review: isReviewed ? (review === 1 ? 'accepted' : 'rejected') : null,
          confidence: Math.max(isMoved ? labelSure : 0, isReviewed ? reviewSure : 0),
        });
      }
      proposed.sort((a, b) => b.confidence - a.confidence || a.mask.id - b.mask.id);
      const summary = { ...learned, ...summaryOf(proposed) };
      kept.set(id, { summary, proposed });
      return summary;
    },

    get(id: SegmentationId): Proposal | null {
      segmentationHandlers(service).get(id);
      return kept.get(id)?.summary ?? null;
    },

    /** @throws UserError NOT_FOUND, WRONG_STATE where nothing is proposed */
    masks(id: SegmentationId, part: ProposedPart, limit: number): (Mask & { confidence: number })[] {
      return find(id)
        .proposed.filter((one) => isOf(one, part))
        .slice(0, limit)
        .flatMap(({ mask, confidence }) => {
          const now = store.segmentations.getMask(mask.id);
          return now ? [{ ...now, confidence }] : [];
        });
    },

    /** @throws UserError NOT_FOUND, WRONG_STATE where nothing is proposed */
    async apply(
      id: SegmentationId,
      part: ProposedPart | undefined,
      except: readonly MaskId[],
    ): Promise<EditBatch> {
      const { proposed } = find(id);
      const left = new Set(except);
      const wanted = proposed.filter((one) => !left.has(one.mask.id) && (!part || isOf(one, part)));
      const steps = stepsOf(wanted, part, (mask) => isUnchanged(mask, store.segmentations.getMask(mask.id)));
      let batch: number | null = null;
      for (let start = 0; start < steps.length; start += IMAGES_AT_ONCE) {
        batch = store.maskEdits.applyAll(steps.slice(start, start + IMAGES_AT_ONCE), service.nowMs(), batch);
        await new Promise(setImmediate);
      }
      // What is left of it was learned from decisions that are no longer all.
      kept.delete(id);
      service.publish(
        changedMasks(
          id,
          steps.map(({ imageId }) => imageId),
        ),
      );
      return { changed: steps.reduce((sum, { writes }) => sum + writes.length, 0), batch };
    },

    discard(id: SegmentationId): null {
      segmentationHandlers(service).get(id);
      kept.delete(id);
      return null;
    },
  };
}

function isOf({ conceptId, review }: Proposed, part: ProposedPart): boolean {
  return 'conceptId' in part ? conceptId === part.conceptId : review === part.review;
}

function isUnchanged(before: OwnedMask, now: OwnedMask | undefined): boolean {
  return (
    now?.revision === before.revision && now.review === before.review && now.conceptId === before.conceptId
  );
}

function stepsOf(
  proposed: readonly Proposed[],
  part: ProposedPart | undefined,
  isStill: (mask: OwnedMask) => boolean,
): ImageStep[] {
  const steps = new Map<number, ImageStep & { writes: MaskWrite[] }>();
  for (const { mask, conceptId, review } of proposed) {
    if (!isStill(mask)) continue;
    const { segmentationId, imageId, id } = mask;
    const step = steps.get(imageId) ?? { segmentationId, imageId, kind: 'review', writes: [] };
    // Of a part only what it is about.
    const moves = conceptId !== null && (!part || 'conceptId' in part);
    const reviews: ReviewState = review !== null && (!part || 'review' in part) ? review : mask.review;
    step.writes.push({ kind: 'review', id, review: reviews, ...(moves && { conceptId }) });
    steps.set(imageId, step);
  }
  return [...steps.values()];
}

function summaryOf(proposed: readonly Proposed[]): Omit<Proposal, 'concepts' | 'reviews'> {
  const byConcept = new Map<ConceptId, number>();
  for (const { conceptId } of proposed)
    if (conceptId !== null) byConcept.set(conceptId, (byConcept.get(conceptId) ?? 0) + 1);
  return {
    maskCount: proposed.length,
    imageCount: new Set(proposed.map(({ mask }) => mask.imageId)).size,
    accepted: proposed.filter(({ review }) => review === 'accepted').length,
    rejected: proposed.filter(({ review }) => review === 'rejected').length,
    byConcept: [...byConcept]
      .map(([conceptId, count]) => ({ conceptId, count }))
      .sort((a, b) => b.count - a.count),
  };
}
