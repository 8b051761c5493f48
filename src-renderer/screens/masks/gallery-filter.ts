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

/** The filter in the words of an address: all of it, so that the address shows the same to everyone. */
export function toAddress(filter: ShownFilter): Record<keyof ShownFilter, string | undefined> {
  const { conceptId, review, trust, score, area, sort, isReversed } = filter;
  return {
    conceptId: conceptId === null ? undefined : String(conceptId),
    review: review ?? undefined,
    trust: trust ?? undefined,
    score: score === 'any' ? undefined : score,
    area: area === 'any' ? undefined : area,
    sort,
    isReversed: isReversed ? 'true' : undefined,
  };
}

/** @returns undefined for an address that says nothing of it; what it does not know is left out */
export function fromAddress(query: Readonly<Record<string, string>>): ShownFilter | undefined {
  const fields = Object.keys(ShownFilter.shape);
  if (!fields.some((field) => field in query)) return undefined;
  const values: Record<string, unknown> = {
    ...query,
    conceptId: Number(query.conceptId),
    isReversed: query.isReversed === 'true',
  };
  const valid = Object.entries(ShownFilter.shape).filter(
    ([field, schema]) => field in query && schema.safeParse(values[field]).success,
  );
  return ShownFilter.parse(Object.fromEntries(valid.map(([field]) => [field, values[field]])));
}

/** Whether something is left out. */
export function isNarrow({ conceptId, review, trust, score, area }: ShownFilter): boolean {
  return conceptId !== null || review !== null || trust !== null || score !== 'any' || area !== 'any';
}

/** Whether neither the images that are listed nor their order depend on masks. */
export function isByPath(filter: ShownFilter): boolean {
  return !isNarrow(filter) && filter.sort === 'path';
}
