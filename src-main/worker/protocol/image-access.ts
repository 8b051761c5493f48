import { z } from 'zod';
import { Brightness } from '../../contract/brightness.ts';

/** Above these an image is refused before it is decoded; and which values are black and white in its collection. */
export const ImageLimits = z.object({
  maxPixels: z.number(),
  maxFileBytes: z.number(),
  brightness: Brightness.optional(),
});

/** The folder of the caches, and how large each may become. */
export const CacheBounds = z.object({
  folder: z.string(),
  thumbnailBytes: z.number(),
  decodedBytes: z.number(),
});
