import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import { SegmentationId, type MaskId } from '../../../src-main/contract/ids.ts';
import { segmentationFiles } from '../../../src-main/domain/data-layout.ts';
import { drawnImage, type DrawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { waitForState } from '../../support/running-service.ts';
import { startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const code = (name: string) => expect.objectContaining({ code: name }) as Error;

/** Five images, each with a cat in a corner and a dog below it. */
async function opened(): Promise<SegmentedService> {
  const drawn: DrawnImage[] = [];
  for (let at = 0; at < 5; at++)
    drawn.push(
      await drawnImage(`${at}.png`, [
        { bitmap: bitmapOf('##..', '##..', '....', '....'), className: 'cat', score: 0.9 },
        { bitmap: bitmapOf('....', '....', '####', '####'), className: 'dog', score: 0.25 },
      ]),
    );
  return startSegmented(drawn);
}

async function describeAll({ client, segmentationId: id }: SegmentedService): Promise<void> {
  await waitForState(client, (await client.similar.describe({ id })).id, 'done');
}

async function layOutAll({ client, segmentationId: id }: SegmentedService): Promise<void> {
  await waitForState(client, (await client.maps.layOut({ id })).id, 'done');
}

describe('a map of a segmentation', () => {
  test('has a point for each object and each image, with what it is coloured by', async () => {
    const scene = await opened();
    const { client, segmentationId: id } = scene;
    await expect(client.maps.layOut({ id })).rejects.toThrow(code('WRONG_STATE'));
    await describeAll(scene);
    await expect(client.maps.points({ id, of: 'objects' })).rejects.toThrow(code('WRONG_STATE'));
    expect(await client.maps.state({ id })).toEqual({ map: null, job: null });
    await layOutAll(scene);
    expect(await client.maps.state({ id })).toMatchObject({
      map: { objectCount: 10, imageCount: 5, isOutdated: false },
      job: null,
    });
    const points = await client.maps.points({ id, of: 'objects' });
    const concepts = await client.concepts.list({ id });
    const cat = concepts.find(({ name }) => name === 'cat')?.id ?? expect.fail('no cat');
    expect(points.maskIds).toHaveLength(10);
    expect(points.next).toBeNull();
    const cats = points.conceptIds.filter((one) => one === cat);
    expect(cats).toHaveLength(5);
    points.conceptIds.forEach((one, at) => expect(points.scores[at]).toBe(one === cat ? 0.9 : 0.25));
    expect([...points.x, ...points.y].every((one) => one >= -1 && one <= 1)).toBe(true);
    expect(new Set(points.splits)).toEqual(new Set([null]));
    const images = await client.maps.points({ id, of: 'images' });
    expect(images.maskIds).toEqual([0, 0, 0, 0, 0]);
    expect(images.scores).toEqual([0.9, 0.9, 0.9, 0.9, 0.9]);
  });

  test('follows reviews, datasets and removed objects without being laid out again', async () => {
    const scene = await opened();
    const { client, segmentationId: id } = scene;
    await describeAll(scene);
    await layOutAll(scene);
    const before = await client.maps.points({ id, of: 'objects' });
    const [first, second] = before.maskIds as [MaskId, MaskId];
    await client.masks.review({ ids: [first], review: 'accepted' });
    const recipe = DatasetRecipe.parse({
      segmentationIds: [id],
      filter: { reviews: ['pending', 'accepted'], isLikelyRightOnly: false },
      split: { train: 0, val: 0, test: 1, seed: 1, by: 'image' },
    });
    await client.datasets.create({ name: 'all', recipe });
    await client.masks.remove({ ids: [second] });
    const after = await client.maps.points({ id, of: 'objects' });
    expect(after.maskIds).toEqual(before.maskIds.filter((one) => one !== second));
    expect(after.reviews[0]).toBe('accepted');
    expect(after.x[0]).toBe(before.x[0]);
    expect(new Set(after.splits)).toEqual(new Set(['test']));
    expect(await client.maps.state({ id })).toMatchObject({ map: { isOutdated: true } });
    expect(await client.maps.objects({ id, ids: [second, first] })).toMatchObject([
      { id: first, review: 'accepted' },
    ]);
  });

  test('is read page by page', async () => {
    const scene = await opened();
    const { client, segmentationId: id } = scene;
    await describeAll(scene);
    await layOutAll(scene);
    const whole = await client.maps.points({ id, of: 'objects' });
    const pages = [];
    for (let from: number | null = 0; from !== null; from = pages.at(-1)?.next ?? null)
      pages.push(await client.maps.points({ id, of: 'objects', from, limit: 4 }));
    expect(pages.map(({ maskIds }) => maskIds.length)).toEqual([4, 4, 2]);
    expect(pages.flatMap(({ maskIds }) => maskIds)).toEqual(whole.maskIds);
    expect(pages.flatMap(({ x }) => x)).toEqual(whole.x);
  });

  test('is kept while the vectors are the same, and laid out again where they or the map are gone', async () => {
    const scene = await opened();
    const { client, segmentationId: id, service } = scene;
    await describeAll(scene);
    await layOutAll(scene);
    const first = await client.maps.state({ id });
    // Described again, with the same result.
    await describeAll(scene);
    await layOutAll(scene);
    const second = await client.maps.state({ id });
    expect(second.map).toEqual(first.map);
    const places = await client.maps.points({ id, of: 'objects' });
    const { map, vectors } = segmentationFiles(service.layout, id);
    writeFileSync(map, 'damaged');
    expect((await client.maps.state({ id })).map).toBeNull();
    await layOutAll(scene);
    const again = await client.maps.points({ id, of: 'objects' });
    expect(again.x).toEqual(places.x);
    rmSync(vectors);
    const { id: jobId } = await client.maps.layOut({ id });
    await waitForState(client, jobId, 'failed');
    expect((await client.jobs.get({ id: jobId })).error).toMatchObject({ code: 'WRONG_STATE' });
    await client.segmentations.remove({ id });
    expect(() => readFileSync(map)).toThrow('ENOENT');
  });

  test('is written as a table and as JSON, and under no other name', async () => {
    const scene = await opened();
    const { client, segmentationId: id } = scene;
    await describeAll(scene);
    await layOutAll(scene);
    const out = tempFolder();
    const csv = join(out, 'map.csv');
    expect(await client.maps.write({ id, of: 'objects', path: csv })).toEqual({ path: csv, pointCount: 10 });
    const [head, ...lines] = readFileSync(csv, 'utf8').split('\r\n');
    expect(head).toBe('x,y,image,object,concept,review,score,split');
    const points = await client.maps.points({ id, of: 'objects' });
    expect(lines).toHaveLength(11);
    expect(lines[0]).toMatch(
      new RegExp(
        `^${points.x[0]},${points.y[0]},\\d\\.png,${points.maskIds[0]},(cat|dog),pending,0\\.\\d+,$`,
      ),
    );
    const json = join(out, 'map.JSON');
    await client.maps.write({ id, of: 'images', path: json });
    const written = JSON.parse(readFileSync(json, 'utf8')) as { of: string; points: object[] };
    expect(written.of).toBe('images');
    expect(written.points).toHaveLength(5);
    expect(written.points[0]).not.toHaveProperty('object');
    await expect(client.maps.write({ id, of: 'objects', path: csv })).rejects.toThrow(code('ALREADY_EXISTS'));
    await expect(client.maps.write({ id, of: 'objects', path: join(out, 'map.txt') })).rejects.toThrow(
      code('BAD_INPUT'),
    );
    const nowhere = SegmentationId.parse(99);
    await expect(client.maps.state({ id: nowhere })).rejects.toThrow(code('NOT_FOUND'));
  });
});
