import { MaskId, type SegmentationId } from '../contract/ids.ts';
import type { QueuedReview, ReviewQueue } from '../contract/review-queue.ts';
import { estimateAcceptance } from '../domain/acceptance-estimate.ts';
import { segmentationFiles } from '../domain/data-layout.ts';
import type { Draw, ObjectRow, QueueRow } from '../store/review-queue.ts';
import { allObjects, packObjects, targetsOf } from './all-objects.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';

/** What a mask is in the entries of `plan-review`. */
const PENDING = 2;

/** What a person is asked about next, in rounds, with an estimate after each. */
export function reviewQueueHandlers(service: Service) {
  const { store } = service;

  const get = (id: SegmentationId): ReviewQueue => {
    segmentationHandlers(service).get(id);
    const round = store.reviewQueue.round(id);
    const items = store.reviewQueue.rows(id, round).flatMap(({ maskId, kind, chance }): QueuedReview[] => {
      const mask = store.segmentations.getMask(maskId);
      const image = mask && store.images.get(mask.imageId);
      if (!image) return [];
      return [{ ...mask, relPath: image.relPath, kind: kind === 'gain' ? 'gain' : 'draw', chance }];
    });
    return { round, items, estimates: store.reviewQueue.estimates(id) };
  };

  return {
    /** @throws UserError NOT_FOUND */
    get,

    /** @throws UserError NOT_FOUND */
    async advance(id: SegmentationId, count: number, signal?: AbortSignal): Promise<ReviewQueue> {
      segmentationHandlers(service).get(id);
      const round = store.reviewQueue.round(id);
      const objects = await allObjects(service, id);
      const draws = store.reviewQueue.draws(id);
      const plan = await planned(service, { id, round, count, draws, objects, signal });
      // Somebody else may have begun the next round meanwhile.
      if (store.reviewQueue.round(id) === round)
        store.together(() => {
          saveEstimate(service, { id, round, draws, objects });
          store.reviewQueue.add(id, round + 1, plan);
        });
      return get(id);
    },
  };
}

type Planning = {
  id: SegmentationId;
  /** The round that ends. */
  round: number;
  count: number;
  draws: readonly Draw[];
  objects: readonly ObjectRow[];
  /** That the caller still waits. */
  signal: AbortSignal | undefined;
};

/** The next round. Random draws that were left undecided come first: who leaves out the hard ones gets no estimate. */
async function planned(service: Service, { id, round, count, draws, objects, signal }: Planning) {
  const { store, calls, layout } = service;
  const targets = targetsOf(service, id);
  const drawn = new Map<number, Draw>(draws.map((draw) => [draw.maskId, draw]));
  const isDraw = (maskId: number) => drawn.get(maskId)?.kind === 'audit';
  const again = objects.filter((one) => one.review === 'pending' && isDraw(one.id)).slice(0, count);
  const kept = new Set(again.map((one) => one.id));
  const asked = objects.filter(
    (one) => !kept.has(one.id) && (one.review === 'pending' || one.origin === 'model'),
  );
  const entries = await packObjects(asked, (one) => [
    one.id,
    one.image_id,
    one.concept_id === null ? 0 : (targets.get(one.concept_id) ?? one.concept_id),
    one.score,
    one.area_px,
    one.review === 'pending' ? PENDING : Number(one.review === 'accepted'),
    Number(isDraw(one.id)),
  ]);
  const { reviews, spent } = await calls.call(
    {
      kind: 'plan-review',
      vectorsFile: store.descriptions.get(id) ? segmentationFiles(layout, id).vectors : null,
      entries,
      count: count - again.length,
      // Other draws in every round, the same ones where a round is planned twice.
      seed: id * 10_007 + round,
    },
    { signal },
  );
  const byId = new Map(objects.map((one) => [one.id, one]));
  const rows = [
    ...again.map((one) => ({ maskId: one.id, kind: 'audit' as const, chance: one.score })),
    ...reviews,
  ].flatMap(({ maskId, kind, chance }): QueueRow[] => {
    const mask = byId.get(maskId);
    if (!mask) return [];
    return [{ maskId: MaskId.parse(maskId), revision: mask.revision, score: mask.score, kind, chance }];
  });
  const undecided = store.reviewQueue
    .rows(id, round)
    .filter(({ maskId }) => byId.get(maskId)?.review === 'pending');
  return { rows, spent, released: [...undecided.map(({ maskId }) => maskId), ...kept] };
}

/** What the round that ends says of the objects that are left; nothing before there are enough decisions. */
function saveEstimate(
  { store }: Service,
  { id, round, draws, objects }: Omit<Planning, 'count' | 'signal'>,
): void {
  const audits = draws.flatMap(({ score, kind, isAccepted }) =>
    kind === 'audit' && isAccepted !== null ? [{ score, isAccepted }] : [],
  );
  const pending = objects.filter(({ review }) => review === 'pending').map(({ score }) => score);
  const estimate = estimateAcceptance(audits, pending);
  if (estimate && round > 0) store.reviewQueue.saveEstimate(id, { round, ...estimate });
}
