import { z } from 'zod';

/** A path that a person has named. No system allows NUL in one. */
export const FilePath = z
  .string()
  .min(1)
  .refine((path) => !path.includes('\0'), 'a path cannot contain a NUL character');

/** A file that is to be written. */
export const OutputRequest = z.object({ path: FilePath, overwrite: z.boolean().default(false) });
