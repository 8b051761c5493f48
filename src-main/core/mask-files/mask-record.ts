import type { EncodedMask } from '../mask/rle.ts';

/** One object of a mask file. */
export type FileMask = EncodedMask & {
  /** Null if the file has no classes. */
  className: string | null;
  /** 0 to 1; null if the file has no scores. */
  score: number | null;
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
};

/** A part of the files that could not be used; the rest is still imported. */
export type MaskProblem = {
  kind: 'problem';
  /** The file or image it is about. */
  name: string;
  /** One sentence: the cause, and where it helps the next step. */
  detail: string;
};

export type MaskRecord = ImageMasks | MaskProblem;
