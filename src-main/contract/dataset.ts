import { z } from 'zod';
import { DatasetId, DatasetMaskId, DatasetVersionId, SegmentationId } from './ids.ts';
import { Bar } from './mask-measure.ts';
import { ReviewState } from './mask.ts';
import { Cursor } from './procedure.ts';
import { ShownName } from './shown-name.ts';

export const Split = z.enum(['train', 'val', 'test']);
export type Split = z.infer<typeof Split>;

/** The class of masks without a concept, unless a rule renames it. */
export const CLASS_WITHOUT_CONCEPT = 'object';

/** How the images are shared out. Shares are of the images; equal files are never in two splits. */
export const SplitRule = z
  .object({
    train: z.number().min(0).max(1),
    val: z.number().min(0).max(1),
    test: z.number().min(0).max(1),
    seed: z.number().int(),
    /** `folder` keeps all images of a folder together: bursts and frames of a film are nearly the same. */
    by: z.enum(['image', 'folder']),
    /** Whether each class is shared out by the shares too, as far as images that stay together allow it. */
    isStratified: z.boolean().optional(),
  })
  .refine(({ train, val, test }) => Math.abs(train + val + test - 1) < 1e-6, 'the shares must sum to 1');
export type SplitRule = z.infer<typeof SplitRule>;

/** Refers to a concept that exists, under whatever name. */
const ConceptName = z.string().trim().min(1).max(200);

/** What goes into a dataset, and how; kept with every version made of it. */
export const DatasetRecipe = z.object({
  /** At most one of each collection. */
  segmentationIds: z.array(SegmentationId).min(1).max(100),
  /** Only concepts of these names; null includes all except background. An unnamed one is `concept-NUMBER`. */
  concepts: z.array(ConceptName).min(1).nullable().default(null),
  reviews: z.array(ReviewState).min(1).default(['pending', 'accepted', 'edited']),
  minScore: z.number().min(0).max(1).default(0),
  minAreaPx: z.number().int().min(1).default(1),
  maxAreaPx: z.number().int().min(1).nullable().default(null),
  /** 0 is objects; higher levels are finer regions. */
  level: z.number().int().min(0).default(0),
  classes: z
    .object({
      /** All masks become this one class. */
      oneClass: ShownName.nullable().default(null),
      /** Concept name to class name; several of the same class are merged. */
      rename: z.record(z.string(), ShownName).default({}),
      /** Concepts whose masks are left out. */
      ignore: z.array(ConceptName).default([]),
    })
    .prefault({}),
  /** Whether images without any mask stay, as examples of nothing. */
  keepEmptyImages: z.boolean().default(false),
  split: SplitRule.default({ train: 0.8, val: 0.2, test: 0, seed: 1, by: 'image' }),
});
export type DatasetRecipe = z.infer<typeof DatasetRecipe>;

const Counts = z.object({ images: z.number().int(), masks: z.number().int() });

/** Images that were segmented and are not in: their file changed since, or is gone, no mask was left, or they are hidden. */
const LeftOut = z.object({
  changed: z.number().int(),
  missing: z.number().int(),
  empty: z.number().int(),
  hidden: z.number().int().default(0),
});

export const DatasetCounts = Counts.extend({
  splits: z.object({ train: Counts, val: Counts, test: Counts }),
  leftOut: LeftOut,
  /** Masks of each class; versions of early builds have none. */
  classes: z
    .array(
      z.object({
        /** As in `DatasetClass`. */
        number: z.number().int().positive(),
        train: z.number().int(),
        val: z.number().int(),
        test: z.number().int(),
      }),
    )
    .default([]),
});
export type DatasetCounts = z.infer<typeof DatasetCounts>;

export const DatasetClass = z.object({
  /** From 1, in the order of export. */
  number: z.number().int().positive(),
  name: z.string(),
  colour: z.string(),
});
export type DatasetClass = z.infer<typeof DatasetClass>;

/** What a recipe would make, counted without making it. */
export const DatasetPreview = Counts.extend({
  leftOut: LeftOut,
  /** The concepts that masks are of, by number; those of one name count as one. */
  concepts: z.array(
    z.object({
      name: z.string(),
      colour: z.string(),
      isBackground: z.boolean(),
      /** A suggestion, as in `Concept`. */
      isLikelyBackground: z.boolean(),
      /** Masks that pass the filters, whether their class is taken or not. */
      masks: z.number().int(),
      /** Null where its masks are left out. */
      className: z.string().nullable(),
    }),
  ),
});
export type DatasetPreview = z.infer<typeof DatasetPreview>;

/** A frozen version: it never changes. */
export const DatasetVersion = z.object({
  id: DatasetVersionId,
  datasetId: DatasetId,
  datasetName: z.string(),
  number: z.number().int().positive(),
  counts: DatasetCounts,
  createdAtMs: z.number(),
});
export type DatasetVersion = z.infer<typeof DatasetVersion>;

export const DatasetVersionDetail = DatasetVersion.extend({
  recipe: DatasetRecipe,
  classes: z.array(DatasetClass),
});
export type DatasetVersionDetail = z.infer<typeof DatasetVersionDetail>;

/** A mask of a version; its picture is `/datasets/masks/ID/crop.webp`. */
export const DatasetContent = z.object({
  id: DatasetMaskId,
  /** As in `DatasetClass`. */
  classNumber: z.number().int().positive(),
  split: Split,
  relPath: z.string(),
});
export type DatasetContent = z.infer<typeof DatasetContent>;

/** Which masks of a version are looked at. */
export const ContentsQuery = z.object({
  id: DatasetVersionId,
  classNumber: z.number().int().positive().optional(),
  split: Split.optional(),
  /** Only masks of this bar of a histogram. */
  bar: Bar.optional(),
  cursor: Cursor,
  /** Images that a page looks at. */
  limit: z.number().int().min(1).max(200).default(50),
});
export type ContentsQuery = z.infer<typeof ContentsQuery>;

/** A dataset with its versions, newest first. */
export const Dataset = z.object({
  id: DatasetId,
  name: z.string(),
  createdAtMs: z.number(),
  versions: z.array(DatasetVersion),
});
export type Dataset = z.infer<typeof Dataset>;

const Difference = z.object({
  added: z.number().int(),
  removed: z.number().int(),
  changed: z.number().int(),
  same: z.number().int(),
});

/** What the second of two versions has that the first has not, and the other way round. */
export const DatasetDiff = z.object({
  /** An image has changed where its content, its split or one of its masks has. */
  images: Difference,
  /** A mask has changed where its shape, class or review has. */
  masks: Difference,
  classes: z.object({ added: z.array(z.string()), removed: z.array(z.string()) }),
  /** The first images that differ, of each kind. */
  examples: z.array(
    z.object({
      relPath: z.string(),
      image: z.enum(['added', 'removed', 'changed']),
      masks: Difference,
      /** A mask that differs, as it was and as it is; null where it is not. Their crops are `/datasets/masks/ID/crop.webp`. */
      before: DatasetMaskId.nullable(),
      after: DatasetMaskId.nullable(),
    }),
  ),
});
export type DatasetDiff = z.infer<typeof DatasetDiff>;
