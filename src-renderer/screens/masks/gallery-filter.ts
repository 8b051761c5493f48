import { z } from 'zod';
import { ConceptId } from '../../../src-main/contract/ids.ts';
import { GallerySort, ReviewState, Trust } from '../../../src-main/contract/mask.ts';
import type { GalleryFilter } from '../../../src-main/contract/segmentation.ts';

export const ScoreBand = z.enum(['any', 'high', 'upper', 'lower', 'low']);
export type ScoreBand = z.infer<typeof ScoreBand>;
export const AreaBand = z.enum(['any', 'tiny', 'small', 'medium', 'large']);
export type AreaBand = z.infer<typeof AreaBand>;

/** What is shown of a segmentation, and in which order: remembered for each. */
export const ShownFilter = z.object({
  conceptId: ConceptId.nullable().default(null),
  review: ReviewState.nullable().default(null),
  trust: Trust.nullable().default(null),
  score: ScoreBand.default('any'),
  area: AreaBand.default('any'),
  sort: GallerySort.default('path'),
  isReversed: z.boolean().default(false),
});
export type ShownFilter = z.infer<typeof ShownFilter>;

export const ANY = ShownFilter.parse({});

type Bounds = Partial<Pick<GalleryFilter, 'minScore' | 'maxScore' | 'minAreaPx' | 'maxAreaPx'>>;

const SCORES: Record<ScoreBand, Bounds> = {
  any: {},
  high: { minScore: 0.75 },
  upper: { minScore: 0.5 },
  lower: { maxScore: 0.5 },
  low: { maxScore: 0.25 },
};
const AREAS: Record<AreaBand, Bounds> = {
  any: {},
  tiny: { maxAreaPx: 999 },
  small: { minAreaPx: 1_000, maxAreaPx: 9_999 },
  medium: { minAreaPx: 10_000, maxAreaPx: 99_999 },
  large: { minAreaPx: 100_000 },
};

/** The filter as the service takes it. */
export function toQuery({
  conceptId,
  review,
  trust,
  score,
  area,
  sort,
  isReversed,
}: ShownFilter): Omit<GalleryFilter, 'id'> {
  return {
    ...(conceptId === null ? {} : { conceptId }),
    ...(review === null ? {} : { review }),
    ...(trust === null ? {} : { trust }),
    ...SCORES[score],
    ...AREAS[area],
    sort,
    isReversed,
  };
}

/** Whether something is left out. */
export function isNarrow({ conceptId, review, trust, score, area }: ShownFilter): boolean {
  return conceptId !== null || review !== null || trust !== null || score !== 'any' || area !== 'any';
}
