import { z } from 'zod';
import { userError } from '../contract/errors.ts';

/** The position after the last row of a page, as an opaque string. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * @throws UserError BAD_INPUT for anything that `encodeCursor` did not make for this list
 */
export function decodeCursor<T extends z.ZodType>(cursor: string, schema: T): z.infer<T> {
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    position = undefined;
  }
  const parsed = schema.safeParse(position);
  if (parsed.success) return parsed.data;
  throw userError('page-cursor');
}

export type Page<T> = { items: T[]; nextCursor: string | null };

/**
 * Takes a page of `limit` items from rows that were read with one more than that.
 * @param positionOf the cursor position of a row
 */
export function toPage<Row, T>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => T,
  positionOf: (row: Row) => readonly (string | number)[],
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? encodeCursor(positionOf(last)) : null;
  return { items: shown.map(toItem), nextCursor };
}
