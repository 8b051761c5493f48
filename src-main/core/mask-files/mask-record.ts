import type { EncodedMask } from '../mask/rle.ts';
import type { GridOf } from './image-grid.ts';

/** One object of a mask file. */
export type FileMask = EncodedMask & {
  /** Null if the file has no classes. */
  className: string | null;
  /** 0 to 1; null if the file has no scores. */
  score: number | null;
  /** Entries of the file that are joined in it; 1 if omitted. */
  entries?: number;
  /** Whether it may be a part of an object of several parts, which the format cannot say. */
  isPart?: boolean;
};

/** What a mask file says about one image. */
export type ImageMasks = {
  kind: 'masks';
  /** The image as the file names it: with forward slashes, with or without folders and extension. */
  imageName: string;
  widthPx: number;
  heightPx: number;
  masks: FileMask[];
  /** Pixels without ground truth: they are excluded from every count. */
  ignored: EncodedMask | null;
  /** Entries about this image that are no masks, each reported as a problem. */
  skipped: number;
};

/** A part of the files that could not be used; the rest is still imported. */
export type MaskProblem = {
  kind: 'problem';
  /** The file that it is about, and the entry in it. */
  name: string;
  /** One sentence: the cause, and where it helps the next step. */
  detail: string;
};

/** What a person should know about an entry that was read all the same. */
type MaskNote = Omit<MaskProblem, 'kind'> & { kind: 'note' };

export type MaskRecord = ImageMasks | MaskProblem | MaskNote;

/** A record, and the path of the file or folder of files that it was read from. */
export type FileRecord = MaskRecord & { file: string };

/** What the readers of all formats are given besides the file. */
export type MaskFileContext = {
  /** The file, for messages. */
  name: string;
  gridOf: GridOf;
  /** Whether COCO's crowds are masks like any other, or pixels without ground truth, as in its own scoring. */
  crowds: 'masks' | 'ignored';
};
