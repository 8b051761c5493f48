import { z } from 'zod';
import { DatasetRecipe } from './dataset.ts';
import { DatasetVersionId, ImageId, MaskId, SegmentationId } from './ids.ts';
import { Bar, Histograms } from './mask-measure.ts';
import { base, Cursor, pageOf } from './procedure.ts';

/** A mask that a recipe would take; its picture is `/masks/ID/REVISION/crop.webp`. */
export const DatasetCandidate = z.object({
  id: MaskId,
  revision: z.number().int(),
  segmentationId: SegmentationId,
  imageId: ImageId,
  className: z.string(),
  relPath: z.string(),
});
export type DatasetCandidate = z.infer<typeof DatasetCandidate>;

/** Which of the masks that a recipe would take are looked at. */
export const CandidateQuery = z.object({
  recipe: DatasetRecipe,
  className: z.string().optional(),
  bar: Bar.optional(),
  cursor: Cursor,
  /** Images that a page looks at. */
  limit: z.number().int().min(1).max(500).default(100),
});
export type CandidateQuery = z.infer<typeof CandidateQuery>;

/** A look into datasets, before and after they are frozen. */
export const datasetLook = {
  /** Masks by image. A page holds what was found on `limit` images: it may hold few or none, and the next one more. */
  candidates: base.input(CandidateQuery).output(pageOf(DatasetCandidate)),
  /** Of the masks that a recipe would take. */
  candidateHistograms: base.input(z.object({ recipe: DatasetRecipe })).output(Histograms),
  /** Of the masks of a version. */
  histograms: base.input(z.object({ id: DatasetVersionId })).output(Histograms),
};
