import { join } from 'node:path';
import { DatasetRecipe } from '../../src-main/contract/dataset.ts';
import type { ExportFormat, ExportOptions } from '../../src-main/contract/export.ts';
import type { MaskFileFormat, MaskImport, MaskImportResult } from '../../src-main/contract/mask-import.ts';
import { decodeRle, encodeRle, type Bitmap } from '../../src-main/core/mask/rle.ts';
import { drawingOf } from './masks.ts';
import { waitForState } from './running-service.ts';
import type { SegmentedService } from './segmented-service.ts';
import { tempFolder } from './temp-folder.ts';

type Flags = { rejectMissing?: boolean; isDryRun?: boolean };

/** An import, after its job has ended. */
export async function runImport(
  { client, segmentationId }: Pick<SegmentedService, 'client' | 'segmentationId'>,
  path: string,
  format: MaskFileFormat,
  flags: Flags = {},
): Promise<MaskImport> {
  const started = await client.maskImports.start({ segmentationId, path, format, ...flags });
  await waitForState(client, started.job.id, 'done');
  return client.maskImports.get({ id: started.import.id });
}

/** What came of an import. */
export async function importMasks(
  running: Pick<SegmentedService, 'client' | 'segmentationId'>,
  path: string,
  format: MaskFileFormat,
  flags: Flags = {},
): Promise<MaskImportResult | null> {
  return (await runImport(running, path, format, flags)).result;
}

/** Exports the masks of a segmentation, all of them unless a recipe says otherwise. @returns the folder */
export async function exportTo(
  running: SegmentedService,
  format: ExportFormat,
  recipe: Partial<DatasetRecipe> = {},
  options: Partial<ExportOptions> = {},
): Promise<string> {
  const made = DatasetRecipe.parse({ segmentationIds: [running.segmentationId], ...recipe });
  const { id: versionId } = await running.client.datasets.create({ name: 'pets', recipe: made });
  const outPath = join(tempFolder(), 'out');
  const { job } = await running.client.exports.start({
    versionId,
    options: { format, outPath, images: 'copy', labelmeShapes: 'mask', polygons: 'exact', ...options },
  });
  await waitForState(running.client, job.id, 'done');
  return outPath;
}

/** Masks of an image: class, review, origin and drawing. */
export function masksOf({ service, segmentationId, collection }: SegmentedService, relPath: string) {
  const { store } = service;
  const names = new Map(store.datasetRows.concepts(segmentationId).map(({ id, name }) => [id, name]));
  const page = store.images.page({ collectionId: collection.id, cursor: null, limit: 99 }).items;
  const image = page.find((one) => one.relPath === relPath);
  if (!image) throw new Error(`no image ${relPath}`);
  return store.segmentations.masksOf(segmentationId, image.id).map((mask) => {
    const shape = store.segmentations.shapeOf(mask.id);
    return {
      className: mask.conceptId === null ? null : names.get(mask.conceptId),
      review: mask.review,
      origin: mask.origin,
      revision: mask.revision,
      areaPx: mask.areaPx,
      drawing: shape ? drawingOf(decodeRle(shape)) : [],
    };
  });
}

/** A mask as COCO's compressed run lengths. */
export function cocoRle(bitmap: Bitmap): { size: [number, number]; counts: string } {
  const mask = encodeRle(bitmap);
  const counts = Buffer.from(mask?.shape.rle ?? []).toString('latin1');
  return { size: [bitmap.heightPx, bitmap.widthPx], counts };
}
