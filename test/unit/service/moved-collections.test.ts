import { mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import { ExportOptions } from '../../../src-main/contract/export.ts';
import type { DatasetVersionId } from '../../../src-main/contract/ids.ts';
import { renderFrozenCrop } from '../../../src-main/service/crops.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { waitForState } from '../../support/running-service.ts';
import { startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const bitmap = bitmapOf('####....', '####....', '........');

const started = async () =>
  startSegmented([
    await drawnImage('cats/a.png', [{ bitmap, className: 'cat' }]),
    await drawnImage('b.png', [{ bitmap, className: 'dog' }]),
  ]);

const freeze = ({ client, segmentationId }: SegmentedService) =>
  client.datasets.create({
    name: 'pets',
    recipe: DatasetRecipe.parse({
      segmentationIds: [segmentationId],
      split: { train: 1, val: 0, test: 0, seed: 0, by: 'image' },
    }),
  });

/** What an export of a version leaves out, and its images. */
async function exported({ client }: SegmentedService, versionId: DatasetVersionId) {
  const outPath = join(tempFolder(), 'out');
  const options = ExportOptions.parse({ format: 'coco', outPath, images: 'copy' });
  const { export: made, job } = await client.exports.start({ versionId, options });
  await waitForState(client, job.id, 'done');
  const files = readdirSync(join(outPath, 'images', 'train')).sort();
  return { files, problems: (await client.exports.get({ id: made.id })).result?.problems };
}

/** The folder is renamed, as a drive is that gets another letter, and the collection follows. */
async function moved(running: SegmentedService, to = `${running.folder}-elsewhere`): Promise<string> {
  renameSync(running.folder, to);
  const { job } = await running.client.collections.move({ id: running.collection.id, path: to });
  await waitForState(running.client, job.id, 'done');
  return to;
}

test('a collection whose folder was moved follows it, with its masks and its frozen versions', async () => {
  const running = await started();
  const { client, collection, segmentationId, service } = running;
  const version = await freeze(running);
  const before = await client.segmentations.galleryIds({ id: segmentationId });
  const to = await moved(running);
  expect(await client.collections.get({ id: collection.id })).toMatchObject({
    rootPath: to,
    name: 'photos',
    counts: { usable: 2, missing: 0, changed: 0 },
  });
  expect(await client.segmentations.galleryIds({ id: segmentationId })).toEqual(before);
  expect(await exported(running, version.id)).toEqual({ files: ['b.png', 'cats__a.png'], problems: [] });
  const [image] = service.store.datasetRows.page({ versionId: version.id, afterId: 0, limit: 1 });
  const [mask] = service.store.datasetRows.masksOf(image?.id ?? 0);
  if (!mask) throw new Error('no mask');
  expect((await renderFrozenCrop(service, mask.id)).length).toBeGreaterThan(0);
  // What a new version takes is the same as what the frozen one has.
  const again = await freeze(running);
  expect(await client.datasets.diff({ from: version.id, to: again.id })).toMatchObject({
    images: { added: 0, removed: 0, changed: 0, same: 2 },
  });
});

test('a frozen version exports a file that was renamed since, under the name that it had', async () => {
  const running = await started();
  const { client, collection, folder } = running;
  const version = await freeze(running);
  mkdirSync(join(folder, 'dogs'));
  renameSync(join(folder, 'b.png'), join(folder, 'dogs', 'rex.png'));
  const job = await client.collections.rescan({ id: collection.id });
  await waitForState(client, job.id, 'done');
  expect(await exported(running, version.id)).toEqual({ files: ['b.png', 'cats__a.png'], problems: [] });
});

test('a folder that is gone, or is not that of the collection, is refused with the way out', async () => {
  const running = await started();
  const { client, collection, folder } = running;
  const { id } = collection;
  const to = `${folder}-elsewhere`;
  renameSync(folder, to);
  await expect(client.collections.rescan({ id })).rejects.toMatchObject({
    code: 'FOLDER_NOT_FOUND',
    message: `The folder ${folder} of the collection 'photos' does not exist.`,
    data: expect.objectContaining({ action: { kind: 'locate-folder', collectionId: id } }) as object,
  });
  const empty = tempFolder();
  await expect(client.collections.move({ id, path: empty })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: `${empty} has none of the images of 'photos': it does not contain b.png, for example.`,
  });
  await expect(client.collections.move({ id, path: folder })).rejects.toMatchObject({
    code: 'FOLDER_NOT_FOUND',
  });
  await expect(client.collections.move({ id, path: join(to, 'b.png') })).rejects.toMatchObject({
    code: 'NOT_A_FOLDER',
  });
  expect(await client.collections.get({ id })).toMatchObject({ rootPath: folder });
  // Another collection has it, also under another name.
  const other = await client.collections.add({ path: to });
  symlinkSync(to, `${to}-link`);
  await expect(client.collections.move({ id, path: `${to}-link` })).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
    message: `${to} is already the collection '${other.collection.name}' (${other.collection.id}).`,
  });
});
