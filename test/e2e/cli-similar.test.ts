import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { runCli } from '../support/cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('r2o similar describes a segmentation once, and lists what is most like an image or an object', async () => {
  const data = tempFolder();
  const folder = tempFolder();
  await writeScenes(folder, { count: 4, seed: 3 });
  expect(await runCli(data, 'segment', join(folder, 'images'), '--json')).toMatchObject({ code: 0 });

  const missing = await runCli(data, 'similar', '1', '--image', 'nowhere.png');
  expect(missing).toMatchObject({ code: 1 });
  expect(missing.stderr).toContain("has no image 'nowhere.png'");
  expect(missing.stderr).not.toContain('describing');

  const objects = await runCli(data, 'similar', '1', '--object', '1', '--json');
  expect(objects, objects.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse(objects.stdout)).toMatchObject({
    description: { imageCount: 4, hasFeatures: false, changedCount: 0 },
    objects: expect.arrayContaining([
      expect.objectContaining({ similarity: expect.any(Number) as number }),
    ]) as unknown[],
  });
  expect(objects.stderr).toContain('describing objects');

  const [first] = (JSON.parse(objects.stdout) as { objects: { relPath: string }[] }).objects;
  const images = await runCli(data, 'similar', '1', '--image', first?.relPath ?? '', '--limit', '2');
  expect(images, images.stderr).toMatchObject({ code: 0 });
  expect(images.stdout).toContain('Compared by colour and outline only: 4 images');
  expect(images.stdout.trim().split('\n')).toHaveLength(4);
  // It was described before.
  expect(images.stderr).not.toContain('describing');

  for (const wrong of [
    ['--object', '0'],
    ['--limit', 'many'],
  ]) {
    expect(await runCli(data, 'similar', '1', ...wrong)).toMatchObject({ code: 2 });
  }
  expect(await runCli(data, 'similar', '1', '--object', '1', '--image', 'a.png')).toMatchObject({ code: 1 });
});

test('r2o propose says that there is nothing to learn from yet, and changes nothing', async () => {
  const data = tempFolder();
  const folder = tempFolder();
  await writeScenes(folder, { count: 3, seed: 3 });
  expect(await runCli(data, 'segment', join(folder, 'images'), '--json')).toMatchObject({ code: 0 });
  const proposed = await runCli(data, 'propose', '1', '--apply');
  expect(proposed, proposed.stderr).toMatchObject({ code: 0 });
  expect(proposed.stdout).toContain('Nothing learned of concepts: there are too few decisions');
  expect(proposed.stdout).toContain('Proposed: 0 objects on 0 images');
  const json = await runCli(data, 'propose', '1', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ maskCount: 0, concepts: null, reviews: null });
  expect(await runCli(data, 'propose', 'nowhere')).toMatchObject({ code: 1 });
});
