import { z } from 'zod';
import { ImageSort, type ImageStatus } from '../../../src-main/contract/image.ts';
import type { Query } from '../../state/navigation.svelte.ts';
import type { ImageQuery } from '../../state/image-list.svelte.ts';

/** Which usable images are shown: all, those that changed since the scan before, or those that are hidden or not. */
export const ImageKind = z.enum(['all', 'changed', 'shown', 'hidden']);
export type ImageKind = z.infer<typeof ImageKind>;

/** What is shown of a collection, and in which order: `library/1?search=cat&sort=size`. */
const ImageFilter = z.object({
  search: z.string().catch(''),
  kind: ImageKind.catch('all'),
  /** Empty for all. */
  tag: z.string().catch(''),
  sort: ImageSort.catch('path'),
  isReversed: z.boolean(),
});
export type ImageFilter = z.infer<typeof ImageFilter>;

/** The filter that an address names; what it does not know is left out. */
export function filterOf(query: Query): ImageFilter {
  return ImageFilter.parse({ ...query, isReversed: query.isReversed === 'true' });
}

/** The filter in the words of an address. */
export function filterAddress({
  search,
  kind,
  tag,
  sort,
  isReversed,
}: ImageFilter): Record<string, string | undefined> {
  return {
    search: search.trim() === '' ? undefined : search.trim(),
    kind: kind === 'all' ? undefined : kind,
    tag: tag === '' ? undefined : tag,
    sort: sort === 'path' ? undefined : sort,
    isReversed: isReversed ? 'true' : undefined,
  };
}

/** The filter as the service takes it. */
export function imageQueryOf({
  search,
  kind,
  tag,
  sort,
  isReversed,
}: ImageFilter): Omit<ImageQuery, 'collectionId'> {
  const statuses: ImageStatus[] = kind === 'changed' ? ['changed'] : ['ok', 'changed'];
  return {
    statuses,
    ...(search === '' ? {} : { search }),
    ...(kind === 'shown' || kind === 'hidden' ? { isHidden: kind === 'hidden' } : {}),
    ...(tag === '' ? {} : { tag }),
    sort,
    isReversed,
  };
}

/** Whether something is left out. */
export function isNarrow({ search, kind, tag }: ImageFilter): boolean {
  return search !== '' || kind !== 'all' || tag !== '';
}
