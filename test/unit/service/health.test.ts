import { expect, test } from 'vitest';
import type { ConceptId } from '../../../src-main/contract/ids.ts';
import type { DrawnImage } from '../../support/drawn-images.ts';
import { galleryOf, waitForState } from '../../support/running-service.ts';
import { startSegmented } from '../../support/segmented-service.ts';
import { sharpOf } from '../../support/test-images.ts';

const SIZE = 32;
const COLOURS = { red: [200, 40, 40], blue: [40, 60, 200] } as const;

/** A square of a colour on grey; the third one is of the wrong class, and the last one scores little. */
async function square(index: number): Promise<DrawnImage> {
  const colour = index % 2 === 0 ? 'red' : 'blue';
  const data = Buffer.alloc(SIZE * SIZE * 3, 128);
  const bitmap = { data: new Uint8Array(SIZE * SIZE), widthPx: SIZE, heightPx: SIZE };
  for (let y = 6; y < 20; y++) {
    for (let x = 4; x < 18; x++) {
      const at = y * SIZE + x + (index % 7);
      data.set(
        COLOURS[colour].map((value) => value + index),
        at * 3,
      );
      bitmap.data[at] = 1;
    }
  }
  const bytes = await sharpOf({ data, widthPx: SIZE, heightPx: SIZE }).png().toBuffer();
  const className = index === 2 ? 'blue' : colour;
  const masks = [{ bitmap, className, score: index === 29 ? 0.2 : 0.8 }];
  return { relPath: `${String(index).padStart(2, '0')}.png`, bytes, widthPx: SIZE, heightPx: SIZE, masks };
}

test('a check lists what is probably wrong, and forgets what a person has settled', async () => {
  const scene = startSegmented(await Promise.all(Array.from({ length: 30 }, (_, at) => square(at))));
  const { client, segmentationId: id } = scene;
  await expect(client.health.check({ id })).rejects.toMatchObject({ code: 'WRONG_STATE' });
  await waitForState(client, (await client.similar.describe({ id })).id, 'done');
  await expect(client.health.list({ id, list: 'concepts' })).rejects.toMatchObject({ code: 'WRONG_STATE' });
  expect(await client.health.get({ id })).toBeNull();

  // Nobody waits for this one.
  const left = AbortSignal.abort();
  await expect(client.health.check({ id }, { signal: left })).rejects.toMatchObject({
    code: 'CLIENT_CLOSED_REQUEST',
  });
  expect(await client.health.progress({ id })).toBeNull();

  const report = await client.health.check({ id });
  expect(report).toMatchObject({ objectCount: 30, hasFeatures: false });
  expect(report.counts).toMatchObject({ concepts: 1, outlines: 1 });
  expect(await client.health.get({ id })).toEqual(report);
  const red: ConceptId | undefined = (await client.concepts.list({ id })).find(
    ({ name }) => name === 'red',
  )?.id;
  if (!red) return expect.fail('no such concept');
  const [wrong] = await client.health.list({ id, list: 'concepts' });
  expect(wrong).toMatchObject({ relPath: '02.png', otherConceptId: red });
  expect(await client.health.list({ id, list: 'outlines' })).toMatchObject([
    { relPath: '29.png', otherConceptId: null },
  ]);
  // The score of an outline that a person has changed says nothing of it.
  const [low] = await client.health.list({ id, list: 'outlines' });
  if (!low) return expect.fail('nothing was found');
  const corrected = await client.masks.review({ ids: [low.id], review: 'edited' });
  expect((await client.health.check({ id })).counts.outlines).toBe(0);
  await client.masks.undoBatch({ batch: corrected.batch ?? 0 });
  expect((await client.health.check({ id })).counts.outlines).toBe(1);
  // The wrong one looks like others: once as red, once as blue.
  const doubles = await client.health.list({ id, list: 'doubles' });
  expect(doubles.some(({ relPath }) => relPath === '02.png')).toBe(report.counts.doubles > 0);

  if (!wrong) return expect.fail('nothing was found');
  const { batch } = await client.masks.setConcept({ ids: [wrong.id], conceptId: red });
  expect(await client.health.list({ id, list: 'concepts' })).toEqual([]);
  await client.masks.undoBatch({ batch: batch ?? 0 });
  expect(await client.health.list({ id, list: 'concepts' })).toEqual([wrong]);
  await client.masks.review({ ids: [wrong.id], review: 'rejected' });
  expect(await client.health.list({ id, list: 'concepts' })).toEqual([]);
  expect((await client.health.check({ id })).objectCount).toBe(29);
  expect(await galleryOf(client, { id })).toHaveLength(30);
});
