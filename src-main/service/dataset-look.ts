import { z } from 'zod';
import type { CandidateQuery, DatasetCandidate } from '../contract/dataset-look.ts';
import type { DatasetRecipe } from '../contract/dataset.ts';
import type { DatasetVersionId, SegmentationId } from '../contract/ids.ts';
import { binOf, countMask, emptyHistograms, type Histograms } from '../contract/mask-measure.ts';
import { decodeCursor, encodeCursor, type Page } from '../store/cursor.ts';
import type { CandidateMask } from '../store/mask-measures.ts';
import { planClasses } from './dataset-classes.ts';
import { sourceConcepts } from './datasets.ts';
import type { Service } from './service.ts';

/** Images whose masks are read in one step: about a millisecond. */
const CHUNK = 256;

/** Place of the segmentation in the recipe, and the last image that was looked at. */
const Position = z.tuple([z.number().int().nonnegative(), z.number().int()]);

/** Images of a segmentation from behind `afterId`. */
type Stretch = { segmentationId: SegmentationId; afterId: number; limit: number };

/** What is in datasets: looked at before they are frozen, and measured before and after. */
export function datasetLookHandlers(service: Service) {
  const { store } = service;

  /** Names of the classes of masks that a recipe takes; undefined for those that it does not. */
  const classNames = (recipe: DatasetRecipe) => {
    const plan = planClasses(sourceConcepts(service, recipe), recipe);
    return (conceptId: number | null) => {
      const number = plan.numberOf(conceptId);
      return plan.classes.find((one) => one.number === number)?.name;
    };
  };

  /** Masks on the next images of a segmentation that a recipe takes; `lastId` is null after the last image. */
  const next = (recipe: DatasetRecipe, at: Stretch) => {
    const { segmentationId, afterId } = at;
    const files = store.datasetRows.sources(at);
    const lastId = files.at(-1)?.imageId ?? null;
    if (lastId === null) return { masks: [], lastId };
    const usable = new Set(files.filter(({ state }) => state === 'same').map(({ imageId }) => imageId));
    const query = { segmentationId, afterId, lastId, filter: recipe };
    return {
      masks: store.maskMeasures.candidates(query).filter(({ imageId }) => usable.has(imageId)),
      lastId,
    };
  };

  return {
    /** @throws UserError as creating a version would */
    candidates(query: CandidateQuery): Page<DatasetCandidate> {
      const { recipe, className, bar, cursor, limit } = query;
      const nameOf = classNames(recipe);
      const [place, afterId] = cursor === null ? [0, 0] : decodeCursor(cursor, Position);
      const segmentationId = recipe.segmentationIds[place];
      if (segmentationId === undefined) return { items: [], nextCursor: null };
      const { masks, lastId } = next(recipe, { segmentationId, afterId, limit });
      const items = masks.flatMap((mask: CandidateMask) => {
        const name = nameOf(mask.conceptId);
        if (name === undefined || (className !== undefined && name !== className)) return [];
        if (bar && binOf(bar.measure, mask) !== bar.bin) return [];
        const { id, revision, imageId, relPath } = mask;
        return [{ id, revision, segmentationId, imageId, relPath, className: name }];
      });
      if (lastId !== null) return { items, nextCursor: encodeCursor([place, lastId]) };
      const hasMore = place + 1 < recipe.segmentationIds.length;
      return { items, nextCursor: hasMore ? encodeCursor([place + 1, 0]) : null };
    },

    /** @throws UserError as creating a version would; the signal's reason */
    async candidateHistograms(recipe: DatasetRecipe, signal?: AbortSignal): Promise<Histograms> {
      const nameOf = classNames(recipe);
      const histograms = emptyHistograms();
      for (const segmentationId of recipe.segmentationIds) {
        for (let afterId: number | null = 0; afterId !== null;) {
          signal?.throwIfAborted();
          const { masks, lastId } = next(recipe, { segmentationId, afterId, limit: CHUNK });
          for (const mask of masks) if (nameOf(mask.conceptId) !== undefined) countMask(histograms, mask);
          afterId = lastId;
          await new Promise(setImmediate);
        }
      }
      return histograms;
    },

    async histograms(id: DatasetVersionId, signal?: AbortSignal): Promise<Histograms> {
      const histograms = emptyHistograms();
      for (let afterId = 0; ;) {
        signal?.throwIfAborted();
        const images = store.datasetRows.page({ versionId: id, afterId, limit: CHUNK });
        const last = images.at(-1);
        if (!last) return histograms;
        for (const mask of store.maskMeasures.frozen(id, afterId, CHUNK)) countMask(histograms, mask);
        afterId = last.id;
        await new Promise(setImmediate);
      }
    },
  };
}
