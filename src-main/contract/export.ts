import { z } from 'zod';
import { Bytes } from './bytes.ts';
import { DatasetClass, DatasetCounts, Split } from './dataset.ts';
import { ContentHash, DatasetVersionId, ExportId, JobId } from './ids.ts';
import { Box, ReviewState } from './mask.ts';
import { FileKey } from './scan.ts';

/** What can be written, by the name that a person types. */
export const ExportFormat = z.enum([
  'coco',
  'coco-polygon',
  'coco-panoptic',
  'yolo',
  'voc',
  'index-png',
  'binary-png',
  'labelme',
  'cvat',
  'label-studio',
  'huggingface',
  'huggingface-parquet',
  'datumaro',
  'csv',
  'sqlite',
]);
export type ExportFormat = z.infer<typeof ExportFormat>;

/**
 * What becomes of the images. `reference`: the export names the originals where they lie. `hardlink`: a second name
 * for the same file, which costs no space; images that EXIF turns are copied all the same. `copy`: upright copies.
 */
export const ExportImages = z.enum(['reference', 'hardlink', 'copy']);
export type ExportImages = z.infer<typeof ExportImages>;

const ANY_IMAGES: readonly ExportImages[] = ['copy', 'hardlink', 'reference'];

/** What may become of the images in each format; the first is the default. */
export const FORMAT_IMAGES: Record<ExportFormat, readonly ExportImages[]> = {
  coco: ANY_IMAGES,
  'coco-polygon': ANY_IMAGES,
  'coco-panoptic': ANY_IMAGES,
  yolo: ['copy'],
  voc: ANY_IMAGES,
  'index-png': ANY_IMAGES,
  'binary-png': ANY_IMAGES,
  labelme: ANY_IMAGES,
  cvat: ANY_IMAGES,
  'label-studio': ANY_IMAGES,
  huggingface: ['copy', 'hardlink'],
  'huggingface-parquet': ['copy'],
  datumaro: ANY_IMAGES,
  csv: ANY_IMAGES,
  sqlite: ['copy', 'reference'],
};

export const ExportOptions = z.object({
  format: ExportFormat,
  /** Folder (or file, for `sqlite`) to write: it must not exist, or be empty. */
  outPath: z.string().min(1),
  images: ExportImages.default('copy'),
  /** How LabelMe holds masks: exactly, or as polygons for versions before 5.4 and for editing by hand. */
  labelmeShapes: z.enum(['mask', 'polygon']).default('mask'),
  /**
   * Polygons with every corner of the mask, or with as few as keep 98 % of it alike: those can be edited by hand, and
   * their files are a fraction as large.
   */
  polygons: z.enum(['exact', 'simplified']).default('exact'),
});
export type ExportOptions = z.infer<typeof ExportOptions>;

/** An image that is not in an export, or a remark on one that is. */
export const ExportRemark = z.object({
  relPath: z.string(),
  /** Cause and next step. */
  detail: z.string(),
});
export type ExportRemark = z.infer<typeof ExportRemark>;

export const ExportResult = z.object({
  images: z.number().int(),
  masks: z.number().int(),
  /** Images that could not be exported. */
  leftOut: z.number().int(),
  /** The first of the reasons why images were left out. */
  problems: z.array(ExportRemark),
  /** What a person should know of the whole: `12 images are turned by EXIF`. */
  notes: z.array(z.string()),
});
export type ExportResult = z.infer<typeof ExportResult>;

/** One export of a version; `result` is null until it has finished. */
export const Export = z.object({
  id: ExportId,
  versionId: DatasetVersionId.nullable(),
  jobId: JobId.nullable(),
  datasetName: z.string(),
  versionNumber: z.number().int(),
  options: ExportOptions,
  result: ExportResult.nullable(),
  createdAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
});
export type Export = z.infer<typeof Export>;

/** All that the writing of an export has to know, beside its images. */
export const ExportPlan = z.object({
  exportId: ExportId,
  /** Tells two exports of the same number apart that were made by different data folders. */
  startedAtMs: z.number(),
  options: ExportOptions,
  datasetName: z.string(),
  versionNumber: z.number().int(),
  createdAtMs: z.number(),
  classes: z.array(DatasetClass),
  counts: DatasetCounts,
  /** The folders of the collections that the images are from. */
  rootPaths: z.array(z.string()),
  /** Size of all originals together. */
  sizeBytes: z.number(),
  appVersion: z.string(),
});
export type ExportPlan = z.infer<typeof ExportPlan>;

/** A mask as it is exported; its run lengths are on the grid of its image. */
export const ExportMaskRow = z.object({
  classNumber: z.number().int().positive(),
  box: Box,
  areaPx: z.number().int().positive(),
  score: z.number(),
  review: ReviewState,
  rle: Bytes,
});

/** An image of a version with its masks, as the store gives it to the worker. */
export const ExportImageRow = FileKey.extend({
  id: z.number().int(),
  rootPath: z.string(),
  contentHash: ContentHash,
  sizeBytes: z.number(),
  mtimeMs: z.number(),
  widthPx: z.number().int().positive(),
  heightPx: z.number().int().positive(),
  orientation: z.number().int(),
  split: Split,
  masks: z.array(ExportMaskRow),
});
export type ExportImageRow = z.infer<typeof ExportImageRow>;

/**
 * Where an export is written until it is whole: a hidden folder beside its target. The worker writes there, and the
 * service removes it when an export is given up that no worker is at.
 */
export function partialExportPath(made: { exportId: number; startedAtMs: number; outPath: string }): string {
  const { exportId, startedAtMs, outPath } = made;
  const at = Math.max(outPath.lastIndexOf('/'), outPath.lastIndexOf('\\')) + 1;
  const name = `.${outPath.slice(at)}.r2o-export-${exportId}-${startedAtMs}.partial`;
  return outPath.slice(0, at) + name;
}
