import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { copyPrepared } from '../support/prepared-scenes.ts';

const SCENES = { count: 4, seed: 3 };

test('r2o similar describes a segmentation once, and lists what is most like an image or an object', async () => {
  const { dataFolder: data } = await copyPrepared(SCENES);

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

test('r2o map lays out a segmentation once, and writes the points', async () => {
  const { dataFolder: data, folder } = await copyPrepared(SCENES);
  const inside = await runCli(data, 'map', '1', '--out', join(folder, 'images', 'map.csv'));
  expect(inside).toMatchObject({ code: 1 });
  expect(inside.stderr).not.toContain('describing');

  const csv = join(folder, 'map.csv');
  const first = await runCli(data, 'map', '1', '--out', csv);
  expect(first, first.stderr).toMatchObject({ code: 0 });
  expect(first.stderr).toContain('laying out map');
  const lines = readFileSync(csv, 'utf8').trim().split('\r\n');
  expect(first.stdout).toContain(`Wrote ${lines.length - 1} points to ${csv}`);
  expect(lines[0]).toBe('x,y,image,object,concept,review,score,split');

  const again = await runCli(data, 'map', '1', '--out', csv, '--force', '--json');
  expect(again, again.stderr).toMatchObject({ code: 0 });
  expect(again.stderr).not.toContain('laying out map');
  expect(JSON.parse(again.stdout)).toEqual({
    map: expect.objectContaining({
      objectCount: lines.length - 1,
      imageCount: 4,
      isOutdated: false,
    }) as object,
    written: { path: csv, pointCount: lines.length - 1 },
  });
  expect(readFileSync(csv, 'utf8').trim().split('\r\n')).toEqual(lines);
  const json = join(folder, 'images.json');
  expect(await runCli(data, 'map', '1', '--of', 'images', '--out', json)).toMatchObject({ code: 0 });
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({
    of: 'images',
    points: [{}, {}, {}, { x: expect.any(Number) as number, image: expect.any(String) as string }],
  });
});

test('r2o propose says that there is nothing to learn from yet, and changes nothing', async () => {
  const { dataFolder: data } = await copyPrepared(SCENES);
  const proposed = await runCli(data, 'propose', '1', '--apply');
  expect(proposed, proposed.stderr).toMatchObject({ code: 0 });
  expect(proposed.stdout).toContain('Nothing learned of concepts: there are too few decisions');
  expect(proposed.stdout).toContain('Proposed: 0 objects on 0 images');
  const json = await runCli(data, 'propose', '1', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ maskCount: 0, concepts: null, reviews: null });
  expect(await runCli(data, 'propose', 'nowhere')).toMatchObject({ code: 1 });
});

test('r2o review-next lists a round until it is decided, and r2o health counts what is probably wrong', async () => {
  const { dataFolder: data } = await copyPrepared(SCENES);
  const first = await runCli(data, 'review-next', '1', '--count', '3', '--json');
  expect(first, first.stderr).toMatchObject({ code: 0 });
  const round = JSON.parse(first.stdout) as {
    round: number;
    items: { kind: string }[];
    estimates: unknown[];
  };
  expect(round).toMatchObject({ round: 1, estimates: [] });
  expect(round.items.map(({ kind }) => kind)).toEqual(['gain', 'gain', 'draw']);
  const again = await runCli(data, 'review-next', '1');
  expect(again.stdout).toMatch(/^Round 1\n/);
  expect(again.stdout).toContain('random');
  expect((await runCli(data, 'review-next', '1', '--next')).stdout).toMatch(/^Round 2\n/);
  expect(await runCli(data, 'review-next', '1', '--count', '2')).toMatchObject({ code: 2 });

  const health = await runCli(data, 'health', '1', '--list', 'concepts', '--json');
  expect(health, health.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse(health.stdout)).toMatchObject({
    hasFeatures: false,
    counts: { concepts: expect.any(Number) as number, outlines: expect.any(Number) as number },
    objects: expect.any(Array) as unknown[],
  });
  expect((await runCli(data, 'health', '1')).stdout).toContain('Compared by colour and outline only');
  expect(await runCli(data, 'health', '1', '--list', 'everything')).toMatchObject({ code: 2 });
});
