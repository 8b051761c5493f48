import { UserError } from '../contract/errors.ts';
import type { ConceptId, SegmentationId } from '../contract/ids.ts';
import type { Concept, ConceptChange } from '../contract/segmentation.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';

/** Concepts as clients handle them: named, merged, marked as background. */
export function conceptHandlers(service: Service) {
  const { store } = service;

  const get = (id: ConceptId): Concept => {
    const found = store.concepts.get(id);
    if (found) return found;
    throw new UserError('NOT_FOUND', `There is no concept ${id}.`);
  };

  /** Merges are one step deep, so that nothing ever has to be followed along a chain or a circle. */
  const refuseMerge = (concept: Concept, targetId: ConceptId): void => {
    const target = get(targetId);
    const isItself = targetId === concept.id || target.mergedInto !== null;
    if (!isItself && target.segmentationId === concept.segmentationId) return;
    throw new UserError('BAD_INPUT', `Concept ${concept.id} cannot be merged into concept ${targetId}.`, {
      hint: 'Merge it into another concept of the same segmentation that is not itself merged.',
    });
  };

  return {
    get,

    list(id: SegmentationId): Concept[] {
      segmentationHandlers(service).get(id);
      return store.concepts.of(id);
    },

    update({ id, name, isBackground, mergedInto }: ConceptChange): Concept {
      const before = get(id);
      if (mergedInto !== undefined && mergedInto !== null) refuseMerge(before, mergedInto);
      store.concepts.update({
        id,
        name: name === undefined ? before.name : name,
        isBackground: isBackground ?? before.isBackground,
        isLikelyBackground: isBackground === undefined && before.isLikelyBackground,
        mergedInto: mergedInto === undefined ? before.mergedInto : mergedInto,
      });
      service.publish({ type: 'segmentation', segmentationId: before.segmentationId });
      return get(id);
    },
  };
}
