import { describe, expect, test } from 'vitest';
import type { Client } from '../../../src-main/contract/contract.ts';
import type { ConceptId, MaskId } from '../../../src-main/contract/ids.ts';
import type { Bitmap } from '../../../src-main/core/mask/rle.ts';
import type { DrawnImage } from '../../support/drawn-images.ts';
import { galleryOf, waitForState } from '../../support/running-service.ts';
import { startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { sharpOf } from '../../support/test-images.ts';

const SIZE = 48;
const COUNT = 16;
type Colour = readonly [number, number, number];
const RED: Colour = [200, 40, 40];
const BLUE: Colour = [40, 60, 200];

/** A square of a colour on grey, whose place depends on its number. */
async function square(index: number, colour: Colour): Promise<DrawnImage> {
  const data = Buffer.alloc(SIZE * SIZE * 3, 128);
  const bitmap: Bitmap = { data: new Uint8Array(SIZE * SIZE), widthPx: SIZE, heightPx: SIZE };
  for (let y = 8; y < 28; y++) {
    for (let x = 4; x < 24; x++) {
      const at = y * SIZE + x + index;
      data.set(colour, at * 3);
      bitmap.data[at] = 1;
    }
  }
  const bytes = await sharpOf({ data, widthPx: SIZE, heightPx: SIZE }).png().toBuffer();
  const relPath = `${String(index).padStart(2, '0')}.png`;
  return { relPath, bytes, widthPx: SIZE, heightPx: SIZE, masks: [{ bitmap, className: 'square' }] };
}

type Opened = SegmentedService & { maskIds: MaskId[]; isRed: (place: number) => boolean };

/** Red and blue squares in turn, all of one concept. */
async function opened(): Promise<Opened> {
  const isRed = (place: number) => place % 2 === 0;
  const images = await Promise.all(
    Array.from({ length: COUNT }, (_, at) => square(at, isRed(at) ? RED : BLUE)),
  );
  const running = startSegmented(images);
  const { client, segmentationId: id } = running;
  const tiles = await galleryOf(client, { id });
  const maskIds: MaskId[] = [];
  for (const { imageId } of tiles)
    for (const mask of await client.masks.ofImage({ id, imageId })) maskIds.push(mask.id);
  await waitForState(client, (await client.similar.describe({ id })).id, 'done');
  return { ...running, maskIds, isRed };
}

const at = <T>(list: readonly T[], place: number): T => list[place] ?? expect.fail('not there');
const code = (name: string) => expect.objectContaining({ code: name }) as Error;

/** Corrects the first six: red ones are accepted and get a concept, blue ones are rejected. */
async function correctSix({ client, segmentationId: id, maskIds, isRed }: Opened): Promise<ConceptId> {
  const { id: red } = await client.concepts.create({ id, name: 'red' });
  const { id: blue } = await client.concepts.create({ id, name: 'blue' });
  const six = maskIds.slice(0, 6);
  await client.masks.setConcept({ ids: six.filter((_, place) => isRed(place)), conceptId: red });
  await client.masks.setConcept({ ids: six.filter((_, place) => !isRed(place)), conceptId: blue });
  await client.masks.review({ ids: six.filter((_, place) => isRed(place)), review: 'accepted' });
  await client.masks.review({ ids: six.filter((_, place) => !isRed(place)), review: 'rejected' });
  return red;
}

async function allMasks(client: Client, id: Opened['segmentationId']) {
  const tiles = await galleryOf(client, { id });
  const masks = await Promise.all(tiles.map(({ imageId }) => client.masks.ofImage({ id, imageId })));
  return masks.flat().sort((a, b) => a.id - b.id);
}

describe('a proposal', () => {
  test('follows the decisions, changes nothing until it is applied, and is undone in one step', async () => {
    const scene = await opened();
    const { client, segmentationId: id, maskIds, isRed } = scene;
    const red = await correctSix(scene);
    const before = await allMasks(client, id);
    const made = await client.proposals.make({ id });
    expect(made).toMatchObject({ maskCount: 10, imageCount: 10, accepted: 5, rejected: 5 });
    expect(made.concepts).toMatchObject({ decisions: 6, accuracy: 1 });
    expect(made.byConcept.map(({ count }) => count)).toEqual([5, 5]);
    expect(await client.proposals.get({ id })).toEqual(made);
    expect(await allMasks(client, id)).toEqual(before);
    const shown = await client.proposals.masks({ id, part: { conceptId: red } });
    expect(shown.map((mask) => maskIds.indexOf(mask.id)).every(isRed)).toBe(true);

    const applied = await client.proposals.apply({ id });
    expect(applied.changed).toBe(10);
    const after = await allMasks(client, id);
    for (const [place, mask] of after.entries()) {
      expect(mask.review).toBe(isRed(place) ? 'accepted' : 'rejected');
      expect(mask.conceptId === red).toBe(isRed(place));
    }
    expect(await client.proposals.get({ id })).toBeNull();
    expect(await client.masks.undoBatch({ batch: applied.batch ?? 0 })).toEqual({ undone: 10, kept: 0 });
    expect(await allMasks(client, id)).toEqual(before);
    await client.masks.redoBatch({ batch: applied.batch ?? 0 });
    expect(await allMasks(client, id)).toEqual(after);
  });

  test('leaves out what is excepted, what has changed since, and other parts', async () => {
    const scene = await opened();
    const { client, segmentationId: id, maskIds } = scene;
    await correctSix(scene);
    await client.proposals.make({ id });
    const [excepted, changed] = [at(maskIds, 7), at(maskIds, 9)];
    await client.masks.review({ ids: [changed], review: 'accepted' });
    const applied = await client.proposals.apply({ id, part: { review: 'rejected' }, except: [excepted] });
    // Of five blue ones, one is excepted, and one was accepted meanwhile.
    expect(applied.changed).toBe(3);
    const after = await allMasks(client, id);
    expect(after[7]?.review).toBe('pending');
    expect(after[9]?.review).toBe('accepted');
    expect(after.slice(6).filter(({ review }) => review === 'rejected')).toHaveLength(3);
    // Concepts were another part.
    expect(new Set(after.slice(6).map(({ conceptId }) => conceptId)).size).toBe(1);
  });

  test('is empty without decisions, can be discarded, and is refused where nothing can be known', async () => {
    const scene = await opened();
    const { client, segmentationId: id } = scene;
    expect(await client.proposals.make({ id })).toEqual({
      concepts: null,
      reviews: null,
      maskCount: 0,
      imageCount: 0,
      accepted: 0,
      rejected: 0,
      byConcept: [],
    });
    await client.proposals.discard({ id });
    expect(await client.proposals.get({ id })).toBeNull();
    await expect(client.proposals.apply({ id })).rejects.toThrow(code('WRONG_STATE'));
    await expect(client.proposals.masks({ id, part: { review: 'accepted' } })).rejects.toThrow(
      code('WRONG_STATE'),
    );
    const fresh = startSegmented([await square(0, RED)]);
    await expect(fresh.client.proposals.make({ id: fresh.segmentationId })).rejects.toThrow(
      code('WRONG_STATE'),
    );
  });
});
