import { nameBeside } from './name-beside.ts';
import { z } from 'zod';
import { Brightness } from '../contract/brightness.ts';
import { DatasetClass, DatasetCounts, Split } from '../contract/dataset.ts';
import { ExportOptions } from '../contract/export.ts';
import { ContentHash, ExportId } from '../contract/ids.ts';
import { Box, ReviewState } from '../contract/mask.ts';
import { Bytes } from './bytes.ts';
import { FileKey } from './scan.ts';

/** Everything needed to write an export, apart from its images. */
export const ExportPlan = z.object({
  exportId: ExportId,
  /** Distinguishes exports with the same number that were made from different data folders. */
  startedAtMs: z.number(),
  options: ExportOptions,
  datasetName: z.string(),
  versionNumber: z.number().int(),
  createdAtMs: z.number(),
  classes: z.array(DatasetClass),
  counts: DatasetCounts,
  /** The folders of the collections that the images are from. */
  rootPaths: z.array(z.string()),
  /** How images of these folders with more than 8 bits are shown; those of removed collections are not in it. */
  brightness: z.record(z.string(), Brightness),
  /** Size of all originals together. */
  sizeBytes: z.number(),
  appVersion: z.string(),
});
export type ExportPlan = z.infer<typeof ExportPlan>;

/** A mask as it is exported; its run lengths are on the grid of its image. */
const ExportMaskRow = z.object({
  classNumber: z.number().int().positive(),
  box: Box,
  areaPx: z.number().int().positive(),
  score: z.number(),
  stackOrder: z.number().int(),
  review: ReviewState,
  rle: Bytes,
});

/** An image of a version with its masks, as the store gives it to the worker. */
export const ExportImageRow = FileKey.extend({
  id: z.number().int(),
  rootPath: z.string(),
  /** Where it is now, if it was renamed since the version was frozen. */
  file: FileKey,
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

/** What it takes to name an image. */
export const ExportImageName = z.object({ id: z.number().int(), rootPath: z.string(), relPath: z.string() });
export type ExportImageName = z.infer<typeof ExportImageName>;

/**
 * The file that describes an export. Datumaro would take a folder with a name that ends in `-export.json`, as this one
 * used to, for one of VoTT.
 */
export const MANIFEST_NAME = 'r2o-studio.json';

/** Every name that the app has given it, the newest first. */
export const MANIFEST_NAMES: readonly string[] = [MANIFEST_NAME, 'r2o-export.json'];

/**
 * Where an export is written until it is whole: a hidden folder next to its target. The worker writes there, and the
 * service removes it when an export is given up that no worker is at.
 */
export function partialExportPath(made: { exportId: number; startedAtMs: number; outPath: string }): string {
  const { exportId, startedAtMs, outPath } = made;
  return nameBeside(outPath, { prefix: '.', suffix: `.r2o-export-${exportId}-${startedAtMs}.partial` });
}
