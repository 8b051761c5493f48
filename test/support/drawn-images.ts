import { NotedReader } from '../../src-main/core/image/noted-reader.ts';
import { createHash } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Brightness } from '../../src-main/contract/brightness.ts';
import { ContentHash, ExportId } from '../../src-main/contract/ids.ts';
import type { DatasetClass, Split } from '../../src-main/contract/dataset.ts';
import type { ExportFormat, ExportOptions, ExportResult } from '../../src-main/contract/export.ts';
import type { ExportImageRow, ExportPlan } from '../../src-main/domain/export-plan.ts';
import type { ReviewState } from '../../src-main/contract/mask.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../src-main/core/image/image-limits.ts';
import { encodeRle, type Bitmap } from '../../src-main/core/mask/rle.ts';
import { ExportTarget } from '../../src-main/export/output-folder.ts';
import { writeExport } from '../../src-main/export/write-export.ts';
import { formatOf } from '../../src-main/export/formats.ts';
import { quadrants, sharpOf } from './test-images.ts';
import { tempFolder } from './temp-folder.ts';

/** An image with objects, all known to the pixel. */
export type DrawnImage = {
  relPath: string;
  pathBytes?: Uint8Array;
  bytes: Buffer;
  widthPx: number;
  heightPx: number;
  orientation?: number;
  split?: Split;
  masks: DrawnMask[];
};
export type DrawnMask = {
  bitmap: Bitmap;
  className: string;
  score?: number;
  stackOrder?: number;
  review?: ReviewState;
};

/** A small PNG of any content with the masks given. */
export async function drawnImage(
  relPath: string,
  masks: DrawnMask[],
  split: Split = 'train',
): Promise<DrawnImage> {
  const { widthPx, heightPx } = masks[0]?.bitmap ?? { widthPx: 8, heightPx: 6 };
  const bytes = await sharpOf(quadrants(widthPx, heightPx)).png().withMetadata({}).toBuffer();
  // A comment makes every file another content.
  return { relPath, bytes: Buffer.concat([bytes, Buffer.from(relPath)]), widthPx, heightPx, split, masks };
}

export type Written = { folder: string; result: ExportResult; rows: ExportImageRow[]; plan: ExportPlan };

type DrawnExport = { format: ExportFormat; brightness?: Brightness } & Partial<ExportOptions>;

/**
 * Writes images to a folder and exports them, as the export job does it, without a store.
 * @param options `brightness` is that of the images' collection
 */
export async function exportDrawn(
  drawn: readonly DrawnImage[],
  { brightness, ...options }: DrawnExport,
  signal = new AbortController().signal,
  tamper: (folder: string) => void = () => undefined,
): Promise<Written> {
  const root = join(tempFolder(), 'photos');
  const rows = drawn.map((image, index) => rowOf(image, root, index + 1, classesOf(drawn)));
  tamper(root);
  const outPath = options.outPath ?? join(tempFolder(), options.format === 'sqlite' ? 'out.sqlite' : 'out');
  const plan = planOf(drawn, rows, root, {
    images: 'copy',
    labelmeShapes: 'mask',
    polygons: 'exact',
    ...options,
    outPath,
  });
  if (brightness) plan.brightness[root] = brightness;
  const target = await ExportTarget.open(plan, { isFile: formatOf(options.format).target === 'file' });
  const result = await writeExport({
    plan,
    path: target.path,
    isResumed: target.isResumed,
    limits: DEFAULT_IMAGE_LIMITS,
    reader: NotedReader.takeUp(join(tempFolder(), 'reading')),
    cores: 2,
    signal,
    nextNames: (_, afterId) => Promise.resolve(rows.filter(({ id }) => id > afterId).slice(0, 2)),
    nextPage: (afterId) => Promise.resolve(rows.filter(({ id }) => id > afterId).slice(0, 3)),
    onProgress: () => undefined,
  });
  await target.moveIntoPlace();
  return { folder: outPath, result, rows, plan };
}

/** The classes of the masks, in the order of their names. */
export function classesOf(drawn: readonly DrawnImage[]): DatasetClass[] {
  const names = new Set(drawn.flatMap(({ masks }) => masks.map(({ className }) => className)));
  const colours = ['#e6194b', '#3cb44b', '#4363d8'];
  return [...names].sort().map((name, index) => ({
    number: index + 1,
    name,
    colour: colours[index % colours.length] ?? '#808080',
  }));
}

function rowOf(image: DrawnImage, root: string, id: number, classes: DatasetClass[]): ExportImageRow {
  const { relPath, pathBytes = null, bytes, widthPx, heightPx, orientation = 1, split = 'train' } = image;
  const path = pathBytes ? Buffer.concat([Buffer.from(`${root}/`), pathBytes]) : join(root, relPath);
  mkdirSync(pathBytes ? root : dirname(join(root, relPath)), { recursive: true });
  writeFileSync(path, bytes);
  const { size: sizeBytes, mtimeMs } = statSync(path);
  const masks = image.masks.map(({ bitmap, className, score = 0.5, stackOrder = 0, review = 'pending' }) => {
    const mask = encodeRle(bitmap);
    if (!mask) throw new Error('an empty mask');
    const classNumber = classes.find(({ name }) => name === className)?.number ?? 0;
    return {
      classNumber,
      box: mask.box,
      areaPx: mask.areaPx,
      score,
      stackOrder,
      review,
      rle: mask.shape.rle,
    };
  });
  const contentHash = ContentHash.parse(createHash('sha256').update(bytes).digest('hex'));
  return {
    id,
    rootPath: root,
    relPath,
    pathBytes,
    file: { relPath, pathBytes },
    contentHash,
    sizeBytes,
    mtimeMs,
    widthPx,
    heightPx,
    orientation,
    split,
    masks,
  };
}

function planOf(
  drawn: readonly DrawnImage[],
  rows: readonly ExportImageRow[],
  root: string,
  options: ExportOptions,
): ExportPlan {
  const count = (split?: Split) => {
    const some = rows.filter((row) => split === undefined || row.split === split);
    return { images: some.length, masks: some.reduce((sum, { masks }) => sum + masks.length, 0) };
  };
  return {
    exportId: ExportId.parse(1),
    startedAtMs: 0,
    options,
    datasetName: 'pets',
    versionNumber: 2,
    createdAtMs: 0,
    classes: classesOf(drawn),
    rootPaths: [root],
    brightness: {},
    appVersion: '0.0.0',
    counts: {
      ...count(),
      splits: { train: count('train'), val: count('val'), test: count('test') },
      leftOut: { changed: 0, missing: 0, empty: 0, hidden: 0 },
      classes: [],
    },
    sizeBytes: rows.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}
