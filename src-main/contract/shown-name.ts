import { z } from 'zod';

/**
 * A name that a person gives: one line, without spaces around it. Control characters, which come along with pasted text,
 * become spaces: they would break label files, lists and terminals.
 */
export const ShownName = z
  .string()
  .transform((name) => name.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim())
  .pipe(z.string().min(1).max(200));
