import type { Phrase, PlainPhraseKey } from '../contract/error-texts/error-text.ts';
import type { ExportPlan } from '../domain/export-plan.ts';
import type { Split } from '../contract/dataset.ts';
import type { Box, ReviewState } from '../contract/mask.ts';
import { freeName } from '../contract/free-name.ts';
import type { MaskShape } from '../domain/mask-shape.ts';
import { inPaintOrder } from '../domain/stack-order.ts';

/** A mask as formats write it. */
export type ExportedMask = {
  /** From 1, over the whole export: 0 means "unmatched" to COCO's scoring, and "none" to others. */
  number: number;
  /** From 1. */
  classNumber: number;
  className: string;
  box: Box;
  areaPx: number;
  score: number;
  stackOrder: number;
  review: ReviewState;
  shape: MaskShape;
};

/** An image as formats write it. */
export type ExportedImage = {
  /** From 1, over the whole export. */
  number: number;
  /** Unique in the export whatever the case of its letters; safe as a file's name, without dots or spaces. */
  name: string;
  split: Split;
  widthPx: number;
  heightPx: number;
  /** SHA-256 of the original. */
  contentHash: string;
  /** Path below the collection, as the user knows it. */
  relPath: string;
  /** Where the image's file is. */
  file:
    | { kind: 'inside'; /** below the export's folder, forward slashes */ path: string }
    | { kind: 'outside'; /** absolute, as the system writes it */ path: string; shownPath: string };
  masks: ExportedMask[];
};

/** Writes one export in one format. Images come one after the other; `finish` makes the files whole. */
export type ExportWriter = {
  add: (image: ExportedImage) => Promise<void>;
  /** @param manifest what the export is, for formats that have no other file to keep it in */
  finish: (manifest: string) => Promise<void>;
  /** Closes all files, whether finished or not. */
  [Symbol.asyncDispose]: () => Promise<void>;
};

export type ExportContext = {
  /** Where to write: a folder that exists and is empty, or the path of a file that does not exist. */
  path: string;
  /** Where `path` will lie once the export is whole. */
  finalPath: string;
  plan: ExportPlan;
  /** A remark about the whole export; equal ones are reported once. */
  note: (text: string) => void;
  /** A remark about one image that is in the export all the same. */
  remark: (image: ExportedImage, detail: string) => void;
};

/** What formats call pixels of no class. */
export const BACKGROUND = 'background';

export type ExportFormatDefinition = {
  target: 'folder' | 'file';
  /** Why the images may not become what `FORMAT_IMAGES` leaves out. */
  imagesReason?: PlainPhraseKey;
  /** Folder of copied images of a split, below the export's folder, forward slashes. */
  imageFolder: (split: Split) => string;
  /** For formats whose readers look for `.jpg` and nothing else. */
  needsJpeg?: boolean;
  /** What is wrong with writing this dataset in this format; undefined where nothing is. */
  refusal?: (plan: ExportPlan) => Phrase | undefined;
  /** Lines of the export's README: how to load it, and what to mind. */
  help: (plan: ExportPlan) => string[];
  /** The manifest in a whole export, for formats of one file; undefined where the file is something else. */
  readManifest?: (path: string) => string | undefined;
  open: (context: ExportContext) => Promise<ExportWriter>;
};

/** Masks in the order in which they are painted where they overlap: as people have put them, and small ones over large ones. */
export function paintOrder(masks: readonly ExportedMask[]): ExportedMask[] {
  return inPaintOrder(masks, ({ number }) => number);
}

/**
 * The classes for a format in which class 0 is called background. A class of that name gets another one, which is
 * reported: readers that look classes up by name would mistake its objects for background.
 */
export function classesBesideBackground(
  { classes }: Pick<ExportPlan, 'classes'>,
  note: ExportContext['note'],
): ExportPlan['classes'] {
  return classes.map((one) => {
    if (one.name.toLowerCase() !== BACKGROUND) return one;
    const name = freeName(`${one.name}-class`, classes);
    note(
      `The class "${one.name}" is called "${name}" here: ${BACKGROUND} is the name of pixels without a class.`,
    );
    return { ...one, name };
  });
}

/** The path of an image as annotations name it: inside the export, or where the original lies. */
export function shownPath({ file }: ExportedImage): string {
  return file.kind === 'inside' ? file.path : file.shownPath;
}

/** The same, without the folder of the split: formats whose readers are given that folder only name the file. */
export function fileNameOf({ file }: ExportedImage): string {
  return file.kind === 'inside' ? file.path.slice(file.path.lastIndexOf('/') + 1) : file.shownPath;
}
