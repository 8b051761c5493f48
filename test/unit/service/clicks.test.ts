import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ClickSeeds } from '../../../src-main/contract/click-seeds.ts';
import { ImageId, SegmentationId } from '../../../src-main/contract/ids.ts';
import { clickPhoto } from '../../support/click-photo.ts';
import { galleryOf } from '../../support/running-service.ts';
import { startSegmented } from '../../support/segmented-service.ts';

const [WIDTH, HEIGHT] = [160, 120];
const code = (name: string) => expect.objectContaining({ code: name }) as Error;
const NOTHING: ClickSeeds = { box: null, seeds: [] };
const onSquare: ClickSeeds = {
  box: null,
  seeds: [{ points: [{ x: 60, y: 60 }], radius: 0, isInside: true }],
};

/** Images that differ: one that was opened stays so, for all tests of this process. */
let blue = 0xa0;

async function opened() {
  const size = { widthPx: WIDTH, heightPx: HEIGHT, px: 60 };
  const photo = await clickPhoto('square.png', { ...size, ground: `#3050${(blue++).toString(16)}` });
  const running = startSegmented([photo]);
  const [tile] = await galleryOf(running.client, { id: running.segmentationId });
  return { ...running, key: { id: running.segmentationId, imageId: tile?.imageId ?? ImageId.parse(1) } };
}

describe('clicks on an image', () => {
  test('mean an object, which becomes a mask by hand, accepted, and can be undone', async () => {
    const { client, key } = await opened();
    expect(await client.masks.click({ ...key, given: NOTHING })).toEqual({ answers: [], best: -1 });
    const { answers, best } = await client.masks.click({ ...key, given: onSquare });
    const answer = answers[best];
    expect(answer?.areaPx).toBeGreaterThan(3_400);
    expect(answer?.areaPx).toBeLessThan(3_800);
    const made = await client.masks.create({ ...key, counts: answer?.counts ?? '', conceptId: null });
    expect(made.changed).toMatchObject([{ origin: 'hand', review: 'accepted', areaPx: answer?.areaPx }]);
    await client.masks.undo(key);
    expect(await client.masks.ofImage(key)).toEqual([]);
  });

  test('change nothing', async () => {
    const { client, key } = await opened();
    await client.masks.click({ ...key, given: onSquare });
    expect(await client.masks.ofImage(key)).toEqual([]);
    expect(await client.masks.history(key)).toEqual({ undo: null, redo: null });
  });

  test('are answered from memory once the image is open', async () => {
    const { client, key, folder } = await opened();
    const first = await client.masks.click({ ...key, given: onSquare });
    rmSync(join(folder, 'square.png'));
    expect(await client.masks.click({ ...key, given: onSquare })).toEqual(first);
  });

  test('say what is wrong with the image', async () => {
    const { client, key, folder } = await opened();
    writeFileSync(join(folder, 'square.png'), 'no picture');
    await expect(client.masks.click({ ...key, given: onSquare })).rejects.toThrow(code('IMAGE_UNAVAILABLE'));
    const elsewhere = { ...key, id: SegmentationId.parse(77) };
    await expect(client.masks.click({ ...elsewhere, given: onSquare })).rejects.toThrow(code('NOT_FOUND'));
    const other = { ...key, imageId: ImageId.parse(77) };
    await expect(client.masks.click({ ...other, given: onSquare })).rejects.toThrow(code('NOT_FOUND'));
  });
});
