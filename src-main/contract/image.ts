import { z } from 'zod';
import { CollectionId, ContentHash, ImageId } from './ids.ts';
import { Cursor } from './procedure.ts';
import { Tag } from './tags.ts';

/**
 * What the latest scan found at a path.
 *
 * `ok`: a usable image, new or the same as before. `changed`: usable, but its content differs from the scan
 * before, so results made earlier belong to the old content. `missing`: existed, but no longer does.
 * `problem`: a file that should have been an image and could not be used; `problem` says why.
 */
export const ImageStatus = z.enum(['ok', 'changed', 'missing', 'problem']);
export type ImageStatus = z.infer<typeof ImageStatus>;

/** Why a file could not be used. One row per file, so that nothing is skipped silently. */
export const ProblemCode = z.enum([
  'empty-file',
  'truncated',
  'corrupt',
  'not-an-image',
  'unsupported-format',
  'svg-refused',
  'too-many-pixels',
  'too-large-file',
  'permission-denied',
  'unreadable',
  'broken-link',
  'link-loop',
  'folder-unreadable',
  'vanished',
  'crash',
]);
export type ProblemCode = z.infer<typeof ProblemCode>;

/**
 * How images are ordered: `path` starts with the first letter, `changed` with the newest file, `size` with the largest,
 * `brightness` with the brightest image; images whose brightness is not measured are at its dark end.
 */
export const ImageSort = z.enum(['path', 'changed', 'size', 'brightness']);
export type ImageSort = z.infer<typeof ImageSort>;

/** Which images of a collection are listed, and in which order. */
export const ImageIdsRequest = z.object({
  collectionId: CollectionId,
  statuses: z.array(ImageStatus).min(1).max(4),
  /** Only problems of this kind. */
  problem: ProblemCode.optional(),
  /** Only images whose path contains this, in any case. */
  search: z.string().max(200).optional(),
  /** Only images that are hidden from pretraining and datasets, or only others. */
  isHidden: z.boolean().optional(),
  /** Only images with this tag. */
  tag: Tag.optional(),
  sort: ImageSort.default('path'),
  isReversed: z.boolean().default(false),
  cursor: Cursor,
  limit: z.number().int().min(1).max(20_000).default(5_000),
});
export type ImageIdsRequest = z.infer<typeof ImageIdsRequest>;

/** Container or codec, detected from the bytes and never from the file's name. */
export const ImageFormat = z.enum(['jpeg', 'png', 'webp', 'tiff', 'avif', 'gif', 'heic', 'bmp']);
export type ImageFormat = z.infer<typeof ImageFormat>;

/** Facts about a file that could be decoded. Width and height are those after EXIF orientation. */
export const ImageFacts = z.object({
  contentHash: ContentHash,
  format: ImageFormat,
  widthPx: z.number().int().positive(),
  heightPx: z.number().int().positive(),
  /** EXIF orientation 1..8 of the file; 1 where none is written. */
  orientation: z.number().int().min(1).max(8),
  /** Colour space of the file's pixels as the decoder names it: `srgb`, `rgb16`, `cmyk`, `b-w`, ... */
  colourSpace: z.string(),
  bitDepth: z.number().int().positive(),
  hasAlpha: z.boolean(),
  /** Frames of an animation or pages of a TIFF; only the first is used. */
  frameCount: z.number().int().positive(),
  /** Mean lightness (CIE L*) of its pixels, 0 black to 1 white; null until a scan has measured it. */
  brightness: z.number().min(0).max(1).nullable(),
});
export type ImageFacts = z.infer<typeof ImageFacts>;

export const ImageProblem = z.object({
  code: ProblemCode,
  /** One sentence for a person: the cause, and where it helps the next step. */
  detail: z.string(),
});
export type ImageProblem = z.infer<typeof ImageProblem>;

export const Image = z.object({
  id: ImageId,
  collectionId: CollectionId,
  /** Path below the collection's folder, forward slashes; bytes that are not UTF-8 show as U+FFFD. */
  relPath: z.string(),
  status: ImageStatus,
  sizeBytes: z.number().int().nonnegative(),
  mtimeMs: z.number(),
  /** Null for problems, and for files that vanished before they were ever read. */
  facts: ImageFacts.nullable(),
  problem: ImageProblem.nullable(),
  /** A remark that does not stop the image from being used: a wrong file extension, say. */
  note: z.string().nullable(),
});
export type Image = z.infer<typeof Image>;

/** Images of one collection that hold the same bytes: how many, and the first of them by path. */
export const DuplicateGroup = z.object({
  contentHash: ContentHash,
  count: z.number().int(),
  images: z.array(Image),
});
export type DuplicateGroup = z.infer<typeof DuplicateGroup>;
