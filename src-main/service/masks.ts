import { UserError } from '../contract/errors.ts';
import type { ConceptId, ImageId, MaskId, SegmentationId } from '../contract/ids.ts';
import type { Mask, MaskShape, ReviewState } from '../contract/mask.ts';
import type { MaskEdit, ShapedMask } from '../contract/segmentation.ts';
import { conceptHandlers } from './concepts.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';

/** Masks as clients handle them: looked at, reviewed, corrected. */
export function maskHandlers(service: Service) {
  const { store } = service;

  const get = (id: MaskId): Mask => {
    const found = store.segmentations.getMask(id);
    if (found) return found;
    throw new UserError('NOT_FOUND', `There is no mask ${id}.`, {
      hint: 'It was removed, or its image has been segmented again.',
    });
  };

  const shapeOf = (id: MaskId): MaskShape => {
    const shape = store.segmentations.shapeOf(id);
    if (!shape) throw new Error(`mask ${id} has no shape`);
    return shape;
  };

  /** Tells of a change of masks that are there still. */
  const announce = (ids: readonly MaskId[]): void => {
    for (const segmentationId of store.segmentations.ownersOf(ids)) {
      service.publish({ type: 'segmentation', segmentationId });
    }
  };

  return {
    ofImage({ id, imageId }: { id: SegmentationId; imageId: ImageId }): ShapedMask[] {
      segmentationHandlers(service).get(id);
      return store.segmentations.masksOf(id, imageId).map((mask) => {
        const { gridWidth, gridHeight, rle } = shapeOf(mask.id);
        return { ...mask, gridWidth, gridHeight, counts: Buffer.from(rle).toString('latin1') };
      });
    },

    review(ids: readonly MaskId[], review: ReviewState): { changed: number } {
      const changed = store.segmentations.setReviews(ids, review);
      announce(ids);
      return { changed };
    },

    setConcept(ids: readonly MaskId[], conceptId: ConceptId | null): { changed: number } {
      if (conceptId !== null) conceptHandlers(service).get(conceptId);
      const changed = store.segmentations.setConcepts(ids, conceptId);
      announce(ids);
      return { changed };
    },

    /** @throws UserError WRONG_STATE when the mask has been changed since; BAD_INPUT for an empty or foreign shape */
    async edit({ id, revision, counts }: MaskEdit): Promise<Mask> {
      get(id);
      const { gridWidth, gridHeight } = shapeOf(id);
      const rle = Buffer.from(counts, 'latin1');
      const mask = await service.calls.call({ kind: 'measure-mask', shape: { gridWidth, gridHeight, rle } });
      if (!store.segmentations.updateShape({ id, revision, mask })) {
        throw new UserError('WRONG_STATE', `Mask ${id} has been changed since it was opened.`, {
          hint: 'Open it again and repeat your change.',
        });
      }
      announce([id]);
      return get(id);
    },

    remove(id: MaskId): null {
      get(id);
      const owners = store.segmentations.ownersOf([id]);
      store.segmentations.removeMask(id);
      for (const segmentationId of owners) service.publish({ type: 'segmentation', segmentationId });
      return null;
    },
  };
}
