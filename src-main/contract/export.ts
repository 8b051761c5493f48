import { z } from 'zod';
import { FilePath } from './file-path.ts';
import { DatasetVersionId, ExportId, JobId } from './ids.ts';

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
 * What happens to the images. `reference`: the export names the originals where they are. `hardlink`: a second name
 * for the same file, which costs no space; images that EXIF turns are copied all the same. `copy`: upright copies.
 */
export const ExportImages = z.enum(['reference', 'hardlink', 'copy']);
export type ExportImages = z.infer<typeof ExportImages>;

const ANY_IMAGES: readonly ExportImages[] = ['copy', 'hardlink', 'reference'];

/** What may happen to the images in each format; the first is the default. */
export const FORMAT_IMAGES: Record<ExportFormat, readonly ExportImages[]> = {
  coco: ANY_IMAGES,
  'coco-polygon': ANY_IMAGES,
  'coco-panoptic': ANY_IMAGES,
  yolo: ['copy'],
  voc: ['copy', 'hardlink'],
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
  outPath: FilePath,
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
const ExportRemark = z.object({
  relPath: z.string(),
  /** Cause and next step. */
  detail: z.string(),
});

export const ExportResult = z.object({
  images: z.number().int(),
  masks: z.number().int(),
  /** Images that could not be exported. */
  leftOut: z.number().int(),
  /** The first of the reasons why images were left out. */
  problems: z.array(ExportRemark),
  /** What the user should know about the whole: `12 images are turned by EXIF`. */
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
