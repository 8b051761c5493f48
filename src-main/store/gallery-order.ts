import { z } from 'zod';
import type { GallerySort } from '../contract/mask.ts';
import { decodeCursor } from './cursor.ts';

const PathPosition = z.tuple([z.string(), z.number().int()]);
const NumberPosition = z.tuple([z.number(), z.number().int()]);

export const TOP = Number.MAX_SAFE_INTEGER;
/** No text is greater than this one: the last code point there is. */
const LAST_TEXT = '\u{10ffff}';

/** By what a gallery is sorted, which end comes first, and what lies beyond both ends. */
export const SORTS = {
  path: { column: 'rel_path', isDescending: false, ends: ['', LAST_TEXT], Position: PathPosition },
  score: { column: 'best_score', isDescending: true, ends: [-1, TOP], Position: NumberPosition },
  area: { column: 'largest_px', isDescending: true, ends: [-1, TOP], Position: NumberPosition },
} as const satisfies Record<GallerySort, unknown>;

/**
 * Where a walk continues or starts.
 * @throws UserError BAD_INPUT for a cursor that is not of this order
 */
export function startOf(
  { sort, cursor }: { sort: GallerySort; cursor: string | null },
  isReversed: boolean,
): { afterKey: string | number; afterId: number } {
  const { isDescending, ends, Position } = SORTS[sort];
  const end = isDescending === isReversed ? 0 : 1;
  const [afterKey, afterId] =
    cursor === null ? [ends[end], [0, TOP][end] ?? 0] : decodeCursor(cursor, Position);
  return { afterKey, afterId };
}
