import { z } from 'zod';
import { ConceptId, MaskId, SegmentationId } from './ids.ts';
import { EditBatch } from './mask-edit.ts';
import { Mask } from './mask.ts';
import { base, PageLimit } from './procedure.ts';

/** What was learned from the decisions of one kind; null in `Proposal` if they are too few, or predict nothing. */
const Learned = z.object({
  way: z.enum(['nearest', 'logistic']),
  decisions: z.number().int(),
  /** Share of the decisions that the others predict, by cross-validation; `baseline` is that of the commonest. */
  accuracy: z.number(),
  baseline: z.number(),
});

/** Which part of a proposal: objects that get a concept, or that are accepted or rejected. */
export const ProposedPart = z.union([
  z.object({ conceptId: ConceptId }),
  z.object({ review: z.enum(['accepted', 'rejected']) }),
]);
export type ProposedPart = z.infer<typeof ProposedPart>;

/** What the decisions of a person suggest for the other objects. It changes nothing until it is applied. */
export const Proposal = z.object({
  concepts: Learned.nullable(),
  reviews: Learned.nullable(),
  maskCount: z.number().int(),
  imageCount: z.number().int(),
  accepted: z.number().int(),
  rejected: z.number().int(),
  /** Objects that get another concept, by that. */
  byConcept: z.array(z.object({ conceptId: ConceptId, count: z.number().int() })),
});
export type Proposal = z.infer<typeof Proposal>;

const OfSegmentation = z.object({ id: SegmentationId });

/** Proposals are in memory: a restart of the app throws them away. */
export const proposalContract = {
  /** Learns from what was decided so far, in place of an earlier proposal. @throws WRONG_STATE before `similar.describe` */
  make: base.input(OfSegmentation).output(Proposal),
  get: base.input(OfSegmentation).output(Proposal.nullable()),
  /** The surest objects of a part. */
  masks: base
    .input(OfSegmentation.extend({ part: ProposedPart, limit: PageLimit }))
    .output(z.array(Mask.extend({ confidence: z.number() }))),
  /** Carries out a proposal, or a part of it, as one step. Objects that were changed meanwhile stay as they are. */
  apply: base
    .input(
      OfSegmentation.extend({
        part: ProposedPart.optional(),
        except: z.array(MaskId).max(10_000).default([]),
      }),
    )
    .output(EditBatch),
  discard: base.input(OfSegmentation).output(z.null()),
};
