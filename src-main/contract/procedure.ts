import { oc } from '@orpc/contract';
import { z } from 'zod';
import { ErrorCode } from './error-texts/error-code.ts';
import { Phrase } from './error-texts/error-text.ts';
import { ErrorAction, type ErrorInfo } from './errors.ts';

const ErrorData = z.object({
  hint: z.string().nullable(),
  action: ErrorAction.optional(),
  text: Phrase.optional(),
});

/** One declared error per code: `{ code, message, data: { hint, action, text } }` on the wire. */
const errors = Object.fromEntries(ErrorCode.options.map((code) => [code, { data: ErrorData }])) as Record<
  // Object.fromEntries loses the key type; the keys are exactly the options of ErrorCode.
  ErrorInfo['code'],
  { data: typeof ErrorData }
>;

/** What every method starts from. */
export const base = oc.errors(errors);
/** Where a page of a list starts; null for the first. */
export const Cursor = z.string().max(2_000).nullable().default(null);
export const PageLimit = z.number().int().min(1).max(500).default(100);

/** A page of a keyset-paged list; `nextCursor` is null on the last one. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
