import { z } from 'zod';

/** Above these an image is refused before it is decoded. */
export const ImageLimits = z.object({ maxPixels: z.number(), maxFileBytes: z.number() });

/** The folder of the caches, and how large each may become. */
export const CacheBounds = z.object({
  folder: z.string(),
  thumbnailBytes: z.number(),
  decodedBytes: z.number(),
});
