import { userError } from '../contract/errors.ts';
import { changedMasks } from '../contract/event.ts';
import type { ConceptId, ImageId, MaskId, SegmentationId } from '../contract/ids.ts';
import type {
  EditBatch,
  ImageEdit,
  ImagesReview,
  MaskDivider,
  MaskDrawing,
  MaskEdit,
  MaskEditKind,
  MaskHistory,
  MaskMerge,
  MaskSplit,
  ReviewProgress,
} from '../contract/mask-edit.ts';
import { hasCalibratedScores } from '../contract/likely-right.ts';
import type { StackMove } from '../contract/mask-stack.ts';
import type { MaskStep } from '../contract/mask-steps.ts';
import type { Mask, ReviewState } from '../contract/mask.ts';
import type { MaskShape } from '../domain/mask-shape.ts';
import type { ShapedMask } from '../contract/segmentation.ts';
import type { BatchPart, TurnedSteps } from '../store/mask-edits.ts';
import type { OwnedMask } from '../store/mask-row.ts';
import type { ImageStep, MaskWrite, StepResult } from '../store/mask-states.ts';
import { stackOrderOfNew, stackWrites } from './mask-stack.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';

type ImageKey = { id: SegmentationId; imageId: ImageId };

/** Objects; finer regions are only shown and turned into objects. */
const OBJECT_LEVEL = 0;
/** A person has drawn it: nothing is surer. */
const DRAWN_SCORE = 1;
/** Images whose masks change in one transaction: a few milliseconds. */
const IMAGES_AT_ONCE = 20;

/** Masks as clients handle them: looked at, reviewed, corrected, each change a step that can be undone. */
export function maskHandlers(service: Service) {
  const { store, calls } = service;

  const get = (id: MaskId): OwnedMask => {
    const found = store.segmentations.getMask(id);
    if (found) return found;
    throw userError('no-mask', { id });
  };

  const shapeOf = (id: MaskId): MaskShape => {
    const shape = store.segmentations.shapeOf(id);
    if (!shape) throw new Error(`mask ${id} has no shape`);
    return shape;
  };

  const shaped = (mask: Mask): ShapedMask => {
    const { gridWidth, gridHeight, rle } = shapeOf(mask.id);
    return { ...mask, gridWidth, gridHeight, counts: Buffer.from(rle).toString('latin1') };
  };

  const announce = (segmentationId: SegmentationId, imageIds: Iterable<ImageId>): void =>
    service.publish(changedMasks(segmentationId, imageIds));

  const editedImage = ({ id, imageId }: ImageKey, { changed, removed }: StepResult): ImageEdit => {
    announce(id, [imageId]);
    return {
      changed: changed.map((maskId) => shaped(get(maskId))),
      removed,
      history: store.maskEdits.history(id, imageId),
    };
  };

  const apply = (mask: OwnedMask, kind: MaskEditKind, writes: MaskWrite[]): ImageEdit => {
    const { segmentationId, imageId } = mask;
    const result = store.maskEdits.apply({ segmentationId, imageId, kind, writes }, service.nowMs());
    return editedImage({ id: segmentationId, imageId }, result);
  };

  /** Steps on many images, a few at a time, so that nobody has to wait for them. */
  const applyMany = async (kind: MaskEditKind, changes: readonly OneWrite[]): Promise<EditBatch> => {
    const steps = stepsByImage(kind, changes);
    let batch: number | null = null;
    for (let start = 0; start < steps.length; start += IMAGES_AT_ONCE) {
      batch = store.maskEdits.applyAll(steps.slice(start, start + IMAGES_AT_ONCE), service.nowMs(), batch);
      await new Promise(setImmediate);
    }
    for (const [id, own] of Map.groupBy(steps, ({ segmentationId }) => segmentationId))
      announce(
        id,
        own.map(({ imageId }) => imageId),
      );
    return { changed: changes.length, batch };
  };

  /** Undoes a batch or does it again, a few images at a time. */
  const turnBatch = async (turn: (part: BatchPart) => TurnedSteps & { turned: ImageId[] }) => {
    let [turned, kept] = [0, 0];
    const touched = new Map<SegmentationId, ImageId[]>();
    for (let afterId = 0; ;) {
      const part = turn({ afterId, limit: IMAGES_AT_ONCE });
      turned += part.turned.length;
      kept += part.kept;
      if (part.segmentationId !== null)
        touched.set(part.segmentationId, [...(touched.get(part.segmentationId) ?? []), ...part.turned]);
      if (part.lastId === null) break;
      afterId = part.lastId;
      await new Promise(setImmediate);
    }
    for (const [id, imageIds] of touched) announce(id, imageIds);
    return { turned, kept };
  };

  const reviewed = (masks: readonly OwnedMask[], review: ReviewState): OneWrite[] =>
    masks
      .filter((mask) => mask.review !== review)
      .map((mask) => ({ mask, write: { kind: 'review', id: mask.id, review } }));

  const dividerOf = (by: MaskDivider, mask: OwnedMask): ShapedDivider => {
    if (by.kind !== 'mask') return by;
    sameImage([mask, get(by.id)]);
    return { kind: 'mask', shape: shapeOf(by.id) };
  };

  /** The grid of the image's masks; of the image itself where it has none yet. */
  const gridOf = ({ id, imageId }: ImageKey): Pick<MaskShape, 'gridWidth' | 'gridHeight'> => {
    const [first] = store.segmentations.masksOf(id, imageId);
    if (first) return shapeOf(first.id);
    const facts = store.images.get(imageId)?.facts;
    if (facts && store.gallery.tiles(id, [imageId]).length > 0) {
      return { gridWidth: facts.widthPx, gridHeight: facts.heightPx };
    }
    throw userError('not-segmented-yet', { imageId, id });
  };

  const objectsOf = ({ id, imageId }: ImageKey) =>
    store.segmentations.masksOf(id, imageId).filter(({ level }) => level === OBJECT_LEVEL);

  const getEach = (ids: readonly MaskId[]) => [...new Set(ids)].map(get);

  return {
    ofImage({ id, imageId }: ImageKey): ShapedMask[] {
      segmentationHandlers(service).get(id);
      return store.segmentations.masksOf(id, imageId).map(shaped);
    },

    history({ id, imageId }: ImageKey): MaskHistory {
      return store.maskEdits.history(id, imageId);
    },

    /** @throws UserError NOT_FOUND */
    review(ids: readonly MaskId[], review: ReviewState): Promise<EditBatch> {
      return applyMany('review', reviewed(getEach(ids), review));
    },

    reviewImages({ id, imageIds, review, conceptId }: ImagesReview): Promise<EditBatch> {
      segmentationHandlers(service).get(id);
      const group = conceptId === undefined ? undefined : store.concepts.groupOf(conceptId);
      const masks = [...new Set(imageIds)]
        .flatMap((imageId) => store.segmentations.masksOf(id, imageId))
        .filter((mask) => mask.level === OBJECT_LEVEL)
        .filter(({ conceptId: own }) => !group || (own !== null && group.includes(own)))
        // What a person has corrected counts as accepted; its state says more than that.
        .filter((mask) => review !== 'accepted' || mask.review !== 'edited');
      return applyMany('review', reviewed(masks, review));
    },

    /** @throws UserError NOT_FOUND */
    reviewProgress(id: SegmentationId): ReviewProgress {
      const counts = store.likelyRight.counts(id);
      if (!hasCalibratedScores(segmentationHandlers(service).get(id))) return { counts, likelyRight: null };
      return { counts, likelyRight: store.likelyRight.pendingCounts(id) };
    },

    /** @throws UserError NOT_FOUND; WRONG_STATE where scores do not say what is likely right */
    acceptLikelyRight(id: SegmentationId): Promise<EditBatch> {
      const segmentation = segmentationHandlers(service).get(id);
      if (!hasCalibratedScores(segmentation)) {
        throw userError('scores-not-calibrated', { name: segmentation.name });
      }
      return applyMany('review', reviewed(store.likelyRight.pending(id), 'accepted'));
    },

    /** @throws UserError NOT_FOUND, BAD_INPUT for a concept of another segmentation */
    setConcept(ids: readonly MaskId[], conceptId: ConceptId | null): Promise<EditBatch> {
      const masks = getEach(ids);
      for (const segmentationId of new Set(masks.map((mask) => mask.segmentationId)))
        refuseForeign(service, conceptId, segmentationId);
      const changes = masks
        .filter((mask) => mask.conceptId !== conceptId)
        .map((mask): OneWrite => ({ mask, write: { kind: 'concept', id: mask.id, conceptId } }));
      return applyMany('concept', changes);
    },

    /** @throws UserError NOT_FOUND; BAD_INPUT for an empty or foreign shape, or a concept of another segmentation */
    async create({ id, imageId, counts, conceptId }: MaskDrawing): Promise<ImageEdit> {
      segmentationHandlers(service).get(id);
      refuseForeign(service, conceptId, id);
      const grid = gridOf({ id, imageId });
      const mask = await calls.call({ kind: 'measure-mask', shape: { ...grid, rle: fromCounts(counts) } });
      const drawn = {
        conceptId,
        origin: 'hand',
        level: OBJECT_LEVEL,
        score: DRAWN_SCORE,
        stackOrder: stackOrderOfNew(objectsOf({ id, imageId }), mask.areaPx),
        review: 'accepted',
      } as const;
      const result = store.maskEdits.apply(
        {
          segmentationId: id,
          imageId,
          kind: 'create',
          writes: [{ kind: 'insert', mask: { ...mask, ...drawn } }],
        },
        service.nowMs(),
      );
      return editedImage({ id, imageId }, result);
    },

    /** @throws UserError WRONG_STATE when the mask has been changed since; BAD_INPUT for an empty or foreign shape */
    async edit({ id, revision, counts }: MaskEdit): Promise<ImageEdit> {
      const { gridWidth, gridHeight } = (get(id), shapeOf(id));
      const shape = { gridWidth, gridHeight, rle: fromCounts(counts) };
      const mask = await calls.call({ kind: 'measure-mask', shape });
      return apply(get(id), 'reshape', [{ kind: 'reshape', id, revision, mask }]);
    },

    /** @throws UserError WRONG_STATE when one has been changed since; BAD_INPUT for masks of several images */
    async merge({ masks: asked }: MaskMerge): Promise<ImageEdit> {
      const masks = getEach(asked.map(({ id }) => id));
      sameImage(masks);
      const [target, ...others] = asked.filter(
        ({ id }, at) => asked.findIndex((one) => one.id === id) === at,
      );
      if (!target || others.length === 0) throw userError('single-mask-merge');
      const mask = await calls.call({ kind: 'merge-masks', shapes: masks.map(({ id }) => shapeOf(id)) });
      const score = Math.max(...masks.map((one) => one.score));
      return apply(get(target.id), 'merge', [
        { kind: 'reshape', ...target, mask, score },
        ...others.map((other): MaskWrite => ({ kind: 'remove', ...other })),
      ]);
    },

    /** @throws UserError WRONG_STATE when the mask has been changed since; BAD_INPUT where this does not divide it */
    async split({ id, revision, by }: MaskSplit): Promise<ImageEdit> {
      const mask = get(id);
      const call = {
        kind: 'split-mask',
        shape: shapeOf(id),
        box: mask.box,
        by: dividerOf(by, mask),
      } as const;
      const [largest, ...others] = (await calls.call(call)).pieces;
      if (!largest) throw new Error('a mask was split into nothing');
      const { conceptId, origin, level, score, stackOrder } = mask;
      return apply(get(id), 'split', [
        { kind: 'reshape', id, revision, mask: largest },
        ...others.map((piece): MaskWrite => {
          const like = { conceptId, origin, level, score, stackOrder, review: 'edited' } as const;
          return { kind: 'insert', mask: { ...piece, ...like } };
        }),
      ]);
    },

    /** @throws UserError NOT_FOUND; BAD_INPUT for masks of several images */
    async arrange(ids: readonly MaskId[], to: StackMove): Promise<ImageEdit> {
      const masks = getEach(ids);
      sameImage(masks);
      const writes = await stackWrites(service, masks, to);
      const [first] = masks;
      if (!first) throw new Error('there is nothing to arrange');
      if (writes.length > 0) return apply(first, 'arrange', writes);
      const { segmentationId, imageId } = first;
      return { changed: [], removed: [], history: store.maskEdits.history(segmentationId, imageId) };
    },

    /** @throws UserError NOT_FOUND */
    remove(ids: readonly MaskId[]): Promise<EditBatch> {
      return applyMany(
        'remove',
        getEach(ids).map((mask) => ({ mask, write: { kind: 'remove', id: mask.id } })),
      );
    },

    /** @throws UserError WRONG_STATE where there is no step, or its masks were changed since by something else */
    undo(key: ImageKey): ImageEdit {
      return editedImage(key, store.maskEdits.undo(key.id, key.imageId));
    },

    /** @throws UserError as `undo` does */
    redo(key: ImageKey): ImageEdit {
      return editedImage(key, store.maskEdits.redo(key.id, key.imageId));
    },

    steps({ id, imageId }: ImageKey): MaskStep[] {
      return store.maskEdits.steps(id, imageId);
    },

    /** @throws UserError WRONG_STATE where the masks of a step were changed since by something else */
    goToStep(key: ImageKey, stepId: number | null): ImageEdit {
      return editedImage(key, store.maskEdits.goToStep(key.id, key.imageId, stepId));
    },

    async undoBatch(batch: number): Promise<{ undone: number; kept: number }> {
      const { turned, kept } = await turnBatch((part) => {
        const { undone, ...rest } = store.maskEdits.undoBatch(batch, part);
        return { ...rest, turned: undone };
      });
      return { undone: turned, kept };
    },

    async redoBatch(batch: number): Promise<{ redone: number; kept: number }> {
      const { turned, kept } = await turnBatch((part) => {
        const { redone, ...rest } = store.maskEdits.redoBatch(batch, part);
        return { ...rest, turned: redone };
      });
      return { redone: turned, kept };
    },
  };
}

/** A divider with all that it takes to carry it out. */
type ShapedDivider = Exclude<MaskDivider, { kind: 'mask' }> | { kind: 'mask'; shape: MaskShape };
type OneWrite = { mask: OwnedMask; write: MaskWrite };

function stepsByImage(kind: MaskEditKind, changes: readonly OneWrite[]): ImageStep[] {
  const steps = new Map<string, ImageStep & { writes: MaskWrite[] }>();
  for (const { mask, write } of changes) {
    const { segmentationId, imageId } = mask;
    const key = `${segmentationId}/${imageId}`;
    const step = steps.get(key) ?? { segmentationId, imageId, kind, writes: [] };
    step.writes.push(write);
    steps.set(key, step);
  }
  return [...steps.values()];
}

function fromCounts(counts: string): Uint8Array {
  return Buffer.from(counts, 'latin1');
}

function sameImage(masks: readonly OwnedMask[]): void {
  const [first] = masks;
  const isSame = masks.every(
    ({ segmentationId, imageId }) => segmentationId === first?.segmentationId && imageId === first.imageId,
  );
  if (isSame) return;
  throw userError('masks-of-images');
}

function refuseForeign(
  { store }: Service,
  conceptId: ConceptId | null,
  segmentationId: SegmentationId,
): void {
  if (conceptId === null || store.concepts.coloursOf(segmentationId).has(conceptId)) return;
  throw userError('concept-of-other', { segmentationId, conceptId });
}
