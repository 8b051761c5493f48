import { z } from 'zod';
import { Bytes } from './bytes.ts';
import { ContentHash, ImageId } from '../contract/ids.ts';
import { ImageFacts, ImageProblem } from '../contract/image.ts';

/**
 * A path below a collection's folder. `pathBytes` holds the exact bytes of the path when they are not valid
 * UTF-8 (Linux allows that), and is null otherwise; `relPath` then shows U+FFFD for the bytes at fault.
 */
export const FileKey = z.object({ relPath: z.string(), pathBytes: Bytes.nullable() });
export type FileKey = z.infer<typeof FileKey>;

/** An image of a known content, as jobs list it. */
export const ListedImage = FileKey.extend({ id: ImageId, contentHash: ContentHash });
export type ListedImage = z.infer<typeof ListedImage>;
/** `ListedImage` with its size as it is shown. */
export const SizedImage = ListedImage.extend({ widthPx: z.number().int(), heightPx: z.number().int() });
export type SizedImage = z.infer<typeof SizedImage>;

/** A file met while walking a folder, or an entry that could not be listed: then `problem` is set. */
export const FoundFile = FileKey.extend({
  sizeBytes: z.number().int().nonnegative(),
  mtimeMs: z.number(),
  /** When anything about the file was last changed (ctime), which no program can set; null if it was not asked for. */
  changeTimeMs: z.number().nullable(),
  problem: ImageProblem.nullable(),
});
export type FoundFile = z.infer<typeof FoundFile>;

/** What opening a file found: either facts, or the problem that makes it unusable. */
export const Inspection = z.object({
  facts: ImageFacts.nullable(),
  problem: ImageProblem.nullable(),
  /** A remark that does not stop the image from being used. */
  note: z.string().nullable(),
});
export type Inspection = z.infer<typeof Inspection>;

/** A file after inspection, as the store saves it. */
export const InspectedFile = FileKey.extend({
  sizeBytes: z.number().int().nonnegative(),
  mtimeMs: z.number(),
  changeTimeMs: z.number().nullable(),
  ...Inspection.shape,
});
export type InspectedFile = z.infer<typeof InspectedFile>;
