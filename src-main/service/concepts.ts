import { wholeSegmentation } from '../contract/event.ts';
import { userError } from '../contract/errors.ts';
import type { ConceptId, SegmentationId } from '../contract/ids.ts';
import type { Concept, ConceptChange, ConceptCreation, ConceptOrder } from '../contract/segmentation.ts';
import { conceptColour } from '../domain/concept-colour.ts';
import { conceptName } from './dataset-classes.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';

/** Concepts as clients handle them: made, named, merged, put in order, marked as background, deleted. */
export function conceptHandlers(service: Service) {
  const { store } = service;

  const get = (id: ConceptId): Concept => {
    const found = store.concepts.get(id);
    if (found) return found;
    throw userError('no-concept', { id });
  };

  /** Merges are one step deep, so that nothing ever has to be followed along a chain or a circle. */
  const refuseMerge = (concept: Concept, targetId: ConceptId): void => {
    const target = get(targetId);
    const isItself = targetId === concept.id || target.mergedInto !== null;
    if (!isItself && target.segmentationId === concept.segmentationId) return;
    throw userError('concept-merge', { id: concept.id, targetId });
  };

  /** Another concept that stands for itself under this name, as datasets would call it. */
  const namesake = (id: SegmentationId, name: string, own?: ConceptId): Concept | undefined =>
    store.concepts
      .of(id)
      .find(
        (other) =>
          other.id !== own &&
          other.mergedInto === null &&
          conceptName(other).normalize() === name.normalize(),
      );

  const refuseTaken = (id: SegmentationId, name: string, own?: ConceptId): void => {
    const other = namesake(id, name, own);
    if (!other) return;
    throw userError('concept-name-taken', { name, number: other.number });
  };

  /** What a concept is called after a change. A name that another concept has by then stays with that one. */
  const nameAfter = (before: Concept, { name, mergedInto }: ConceptChange): string | null => {
    const wanted = name === undefined ? before.name : name;
    const target = mergedInto === undefined ? before.mergedInto : mergedInto;
    if (wanted === null || target !== null) return wanted;
    if (name !== undefined && name !== before.name) refuseTaken(before.segmentationId, wanted, before.id);
    return namesake(before.segmentationId, wanted, before.id) ? null : wanted;
  };

  /** A name that a person gave goes to the concept that stands for both, unless that has one. */
  const passName = (concept: Concept, targetId: ConceptId): void => {
    const target = get(targetId);
    if (concept.name === null || target.name !== null) return;
    store.concepts.update({ ...concept, name: null });
    store.concepts.update({ ...target, name: concept.name });
  };

  const announce = (segmentationId: SegmentationId): void =>
    service.publish(wholeSegmentation(segmentationId));

  return {
    get,

    list(id: SegmentationId): Concept[] {
      segmentationHandlers(service).get(id);
      return store.concepts.of(id);
    },

    create({ id, name, colour }: ConceptCreation): Concept {
      const { settings } = segmentationHandlers(service).get(id);
      refuseTaken(id, name);
      // Above those that the job makes, also where it has not made them yet.
      const number = Math.max(settings.conceptCount, ...store.concepts.idsOf(id).keys()) + 1;
      const conceptId = store.segmentations.insertConcept({
        segmentationId: id,
        number,
        name,
        colour: colour ?? conceptColour(number),
        isBackground: false,
      });
      announce(id);
      return get(conceptId);
    },

    update(change: ConceptChange): Concept {
      const { id, isBackground, mergedInto } = change;
      const before = get(id);
      if (mergedInto !== undefined && mergedInto !== null) refuseMerge(before, mergedInto);
      store.concepts.update({
        id,
        name: nameAfter(before, change),
        colour: change.colour ?? before.colour,
        isBackground: isBackground ?? before.isBackground,
        isLikelyBackground: isBackground === undefined && before.isLikelyBackground,
        mergedInto: mergedInto === undefined ? before.mergedInto : mergedInto,
      });
      if (mergedInto !== undefined && mergedInto !== null) passName(get(id), mergedInto);
      announce(before.segmentationId);
      return get(id);
    },

    order({ id, conceptIds }: ConceptOrder): Concept[] {
      segmentationHandlers(service).get(id);
      store.concepts.order(id, [...new Set(conceptIds)]);
      announce(id);
      return store.concepts.of(id);
    },

    async remove(id: ConceptId): Promise<null> {
      const { segmentationId } = get(id);
      for (const one of store.concepts.groupOf(id).toReversed()) {
        while (!store.concepts.removeChunk(one)) await new Promise(setImmediate);
      }
      announce(segmentationId);
      return null;
    },
  };
}
