import { z } from 'zod';

const GIB = 2 ** 30;

/** What a person can set for the whole app. Every key has a default, so that an empty store is valid. */
export const Settings = z.object({
  /** Images with more pixels than this are refused before they are decoded. */
  maxPixels: z.number().int().min(1_000_000).default(200_000_000),
  /** Files larger than this are refused before they are read. */
  maxFileBytes: z
    .number()
    .int()
    .min(2 ** 20)
    .default(GIB),
  /** Bound of the thumbnail cache on disk. */
  thumbnailCacheBytes: z
    .number()
    .int()
    .min(2 ** 20)
    .default(4 * GIB),
  /** Bound of the decoded-pixel cache on disk. */
  decodedCacheBytes: z
    .number()
    .int()
    .min(2 ** 20)
    .default(20 * GIB),
});
export type Settings = z.infer<typeof Settings>;
