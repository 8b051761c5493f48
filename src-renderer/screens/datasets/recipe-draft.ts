import { z } from 'zod';
import type { DatasetRecipe, DatasetVersionDetail } from '../../../src-main/contract/dataset.ts';
import { SegmentationId } from '../../../src-main/contract/ids.ts';
import { ReviewState } from '../../../src-main/contract/mask.ts';

/** A dataset as it is composed; remembered with the view, so nothing but plain data. */
export const RecipeDraft = z.object({
  name: z.string(),
  segmentationIds: z.array(SegmentationId),
  reviews: z.array(ReviewState),
  minScore: z.number().min(0).max(1),
  minAreaPx: z.number().int().min(1),
  /** 0 for no bound. */
  maxAreaPx: z.number().int().min(0),
  keepEmptyImages: z.boolean(),
  /** Empty for one class per concept. */
  oneClass: z.string(),
  /** Concept name to class name. */
  rename: z.record(z.string(), z.string()),
  /** Concepts that are taken, or not, against the rule that all but background are. */
  taken: z.record(z.string(), z.boolean()),
  /** Whether concepts are taken only where `taken` says so. */
  isListed: z.boolean().default(false),
  trainPercent: z.number().int().min(0).max(100),
  valPercent: z.number().int().min(0).max(100),
  seed: z.number().int(),
  by: z.enum(['image', 'folder']),
  isStratified: z.boolean().default(false),
});
export type RecipeDraft = z.infer<typeof RecipeDraft>;

export const EMPTY_DRAFT: RecipeDraft = {
  name: '',
  segmentationIds: [],
  reviews: ['pending', 'accepted', 'edited'],
  minScore: 0,
  minAreaPx: 1,
  maxAreaPx: 0,
  keepEmptyImages: false,
  oneClass: '',
  rename: {},
  taken: {},
  isListed: false,
  trainPercent: 80,
  valPercent: 20,
  seed: 1,
  by: 'image',
  isStratified: false,
};

/** Where the view's memory keeps the draft. */
export const DRAFT_KEY = 'dataset-draft';

/** A concept that becomes a class. */
export type DraftConcept = { name: string; isBackground: boolean };

export function isTaken(draft: RecipeDraft, { name, isBackground }: DraftConcept): boolean {
  return draft.taken[name] ?? (!draft.isListed && !isBackground);
}

/** The recipe that a draft describes. Rules for concepts that these segmentations do not have rest. */
export function recipeOf(draft: RecipeDraft, concepts: readonly DraftConcept[]): DatasetRecipe {
  const {
    segmentationIds,
    reviews,
    minScore,
    minAreaPx,
    maxAreaPx,
    keepEmptyImages,
    seed,
    by,
    isStratified,
  } = draft;
  const taken = concepts.filter((concept) => isTaken(draft, concept));
  // Background is included only by name, and then all others have to be named too.
  const isNamed = taken.some(({ isBackground }) => isBackground);
  const renamed = concepts.flatMap(({ name }) => {
    const className = draft.rename[name]?.trim() ?? '';
    return className === '' || className === name ? [] : [[name, className] as const];
  });
  const [train, val] = [draft.trainPercent / 100, draft.valPercent / 100];
  return {
    segmentationIds,
    reviews,
    minScore,
    minAreaPx,
    keepEmptyImages,
    level: 0,
    maxAreaPx: maxAreaPx === 0 ? null : maxAreaPx,
    concepts: isNamed ? taken.map(({ name }) => name) : null,
    classes: {
      oneClass: draft.oneClass.trim() === '' ? null : draft.oneClass.trim(),
      rename: Object.fromEntries(renamed),
      ignore: concepts
        .filter((concept) => !concept.isBackground && !isTaken(draft, concept))
        .map(({ name }) => name),
    },
    split: {
      train,
      val,
      test: (100 - draft.trainPercent - draft.valPercent) / 100,
      seed,
      by,
      ...(isStratified && { isStratified }),
    },
  };
}

/** The draft that a version's recipe came from, for another version of the same dataset. */
export function draftOf({
  datasetName,
  recipe,
}: Pick<DatasetVersionDetail, 'datasetName' | 'recipe'>): RecipeDraft {
  const { concepts, classes, split } = recipe;
  const trainPercent = Math.round(100 * split.train);
  return {
    name: datasetName,
    segmentationIds: recipe.segmentationIds,
    reviews: recipe.reviews,
    minScore: recipe.minScore,
    minAreaPx: recipe.minAreaPx,
    maxAreaPx: recipe.maxAreaPx ?? 0,
    keepEmptyImages: recipe.keepEmptyImages,
    oneClass: classes.oneClass ?? '',
    rename: classes.rename,
    taken: Object.fromEntries([
      ...(concepts ?? []).map((name) => [name, true] as const),
      ...classes.ignore.map((name) => [name, false] as const),
    ]),
    isListed: concepts !== null,
    trainPercent,
    valPercent: Math.min(100 - trainPercent, Math.round(100 * split.val)),
    seed: split.seed,
    by: split.by,
    isStratified: split.isStratified ?? false,
  };
}
