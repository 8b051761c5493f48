import { z } from 'zod';
import { ConceptId, SegmentationId } from './ids.ts';
import { Mask } from './mask.ts';
import { base } from './procedure.ts';

/**
 * `concepts`: objects that look like those of another concept. `outlines`: objects that score less than those of their
 * concept and those like them. `doubles`: the same object under two concepts.
 */
export const HealthList = z.enum(['concepts', 'outlines', 'doubles']);
export type HealthList = z.infer<typeof HealthList>;

/** How much a check has found. */
export const HealthReport = z.object({
  /** Objects that were compared: those that are described and not rejected. */
  objectCount: z.number().int(),
  counts: z.record(HealthList, z.number().int()),
  /** Whether an encoder's features were compared; without an encoder, only colour and outline were. */
  hasFeatures: z.boolean(),
});
export type HealthReport = z.infer<typeof HealthReport>;

/** Objects whose neighbours have been found, of all that are compared. */
export const HealthProgress = z.object({ done: z.number().int(), total: z.number().int() });
export type HealthProgress = z.infer<typeof HealthProgress>;

export const SuspectObject = Mask.extend({
  relPath: z.string(),
  /** What the list is ordered by; 0 to 1 for concepts and doubles. */
  suspicion: z.number(),
  /** The concept that its neighbours have, or that its double has. */
  otherConceptId: ConceptId.nullable(),
});
export type SuspectObject = z.infer<typeof SuspectObject>;

const OfSegmentation = z.object({ id: SegmentationId });

/** What is probably wrong in a segmentation. Checks are in memory: a restart of the app throws them away. */
export const healthContract = {
  /** Looks at everything as it is now. @throws WRONG_STATE before `similar.describe` */
  check: base.input(OfSegmentation).output(HealthReport),
  /** How far the check under way is; null if there is none. */
  progress: base.input(OfSegmentation).output(HealthProgress.nullable()),
  get: base.input(OfSegmentation).output(HealthReport.nullable()),
  /** The surest first, without what was changed since; doubles one after the other. @throws WRONG_STATE before `check` */
  list: base
    .input(
      OfSegmentation.extend({ list: HealthList, limit: z.number().int().min(1).max(1_000).default(500) }),
    )
    .output(z.array(SuspectObject)),
};
