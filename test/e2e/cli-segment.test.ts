import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Collection } from '../../src-main/contract/collection.ts';
import { Model } from '../../src-main/contract/model.ts';
import { Segmentation } from '../../src-main/contract/segmentation.ts';
import { torchTensors } from '../../src-main/core/weights/encoder-tensors.ts';
import { writeSafetensors } from '../../src-main/core/weights/safetensors.ts';
import { runCli } from '../support/cli.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { photos } from '../support/scan-under-way.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { goldenEncoder, TINY_SPEC } from '../support/tiny-checkpoint.ts';

test('r2o segment takes a folder and a file of weights, and knows both when they come again', async () => {
  const data = tempFolder();
  const folder = await photos(3);
  const weights = join(tempFolder(), 'theirs.safetensors');
  await writeSafetensors(weights, torchTensors(goldenEncoder(TINY_SPEC, 5), 42), { format: 'pt' });

  const first = await segment(data, relative(process.cwd(), folder), '--model', weights);
  expect(first).toMatchObject({ collectionId: 1, modelId: 1, imageCount: 3, state: 'done' });

  await makePhotos(folder, 4);
  const second = await segment(data, folder, '--model', weights);
  expect(second).toMatchObject({ collectionId: 1, modelId: 1, imageCount: 4, state: 'done' });
  expect(await list(Collection, data, 'collections')).toMatchObject([{ name: 'photos' }]);
  expect(await list(Model, data, 'models')).toMatchObject([{ name: 'theirs', origin: 'imported' }]);

  rmSync(folder, { recursive: true });
  const { code, stderr } = await runCli(data, 'segment', folder);
  expect(code).toBe(1);
  expect(stderr).toContain(`There is no collection '${folder}'`);
  expect(stderr).toContain('or give a folder that exists');
});

test('a model that does not exist is refused before its folder is added and scanned', async () => {
  const data = tempFolder();
  const folder = await photos(2);
  for (const args of [
    ['segment', folder, '--model', 'theirs'],
    ['pretrain', folder, '--from', 'theirs'],
  ]) {
    const { code, stderr } = await runCli(data, ...args);
    expect(code).toBe(1);
    expect(stderr).toContain("There is no model 'theirs'");
    expect(await list(Collection, data, 'collections')).toEqual([]);
  }
});

async function segment(data: string, ...args: string[]): Promise<Segmentation> {
  const { code, stdout, stderr } = await runCli(data, 'segment', ...args, '--json');
  expect(code, stderr).toBe(0);
  return Segmentation.parse(JSON.parse(stdout));
}

async function list<T extends z.ZodType>(item: T, data: string, what: string): Promise<z.infer<T>[]> {
  return z.array(item).parse(JSON.parse((await runCli(data, what, 'list', '--json')).stdout));
}
