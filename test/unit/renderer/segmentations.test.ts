import { describe, expect, test } from 'vitest';
import { SegmentationEvent } from '../../../src-main/contract/event.ts';
import { SegmentSettings } from '../../../src-main/contract/segmentation.ts';
import { isAllowed } from '../../../src-renderer/screens/segmentations/segment-form.svelte.ts';
import { worstFirst } from '../../../src-renderer/screens/segmentations/evaluate-view.svelte.ts';
import { Segmentations } from '../../../src-renderer/state/segmentations.svelte.ts';
import { Toasts } from '../../../src-renderer/state/toasts.svelte.ts';
import { ViewMemory } from '../../../src-renderer/state/view-memory.svelte.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { saveDrawn, startSegmented } from '../../support/segmented-service.ts';
import { galleryOf } from '../../support/running-service.ts';

async function twoSegmentations() {
  const bitmap = bitmapOf('........', '..###...', '..###...', '........');
  const drawn = [await drawnImage('a.png', [{ bitmap, className: 'cat' }])];
  const running = startSegmented(drawn);
  const newer = saveDrawn(running, running.collection, drawn);
  const toasts = new Toasts();
  const memory = new ViewMemory(running.client, {});
  const segmentations = new Segmentations(running.client, toasts, memory);
  await segmentations.load();
  return { ...running, older: running.segmentationId, newer, toasts, memory, segmentations };
}

describe('the segmentations of the page', () => {
  test('are listed with the newest first, which is selected until another one is chosen', async () => {
    const { segmentations, older, newer } = await twoSegmentations();
    expect(segmentations.all.map(({ id }) => id)).toEqual([newer, older]);
    expect(segmentations.selected?.id).toBe(newer);
    segmentations.remember(older);
    expect(segmentations.selected?.id).toBe(older);
  });

  test('remember which one was selected, and fall back to the newest when it is removed', async () => {
    const { segmentations, client, toasts, memory, older, newer } = await twoSegmentations();
    segmentations.remember(older);
    const reopened = new Segmentations(client, toasts, memory);
    await reopened.load();
    expect(reopened.selected?.id).toBe(older);
    expect(await reopened.remove(older)).toBe(true);
    expect(reopened.selected?.id).toBe(newer);
    expect(toasts.shown).toEqual([]);
  });

  test('take over a new name, and tell in a toast what was refused', async () => {
    const { segmentations, toasts, newer, older } = await twoSegmentations();
    await segmentations.rename(newer, 'cats');
    expect(segmentations.find(newer)?.name).toBe('cats');
    await segmentations.remove(older);
    expect(await segmentations.rename(older, 'gone')).toBe(false);
    expect(toasts.shown.map(({ title, text }) => `${title}: ${text ?? ''}`)).toEqual([
      `Not found: There is no segmentation ${older}. List the segmentations to see which exist.`,
    ]);
  });

  test('tell of every change, and of masks which images it is about', async () => {
    const { service, client, segmentations, older, newer } = await twoSegmentations();
    const before = segmentations.changes;
    const events = service.events.subscribe('event')[Symbol.asyncIterator]();
    const next = events.next();
    const image = (await galleryOf(client, { id: newer }))[0];
    if (!image) throw new Error('no image');
    const [mask] = await client.masks.ofImage({ id: newer, imageId: image.imageId });
    if (!mask) throw new Error('no mask');
    await client.masks.setConcept({ ids: [mask.id], conceptId: null });
    const { mark } = segmentations.log;
    const event = SegmentationEvent.parse((await next).value);
    expect(event).toEqual({
      type: 'segmentation',
      segmentationId: newer,
      what: 'masks',
      imageIds: [image.imageId],
    });
    const listed = segmentations.all;
    await segmentations.apply(event);
    expect(segmentations.changes).toBe(before + 1);
    expect(segmentations.all).toBe(listed);
    expect([...(segmentations.log.imagesSince(mark, newer) ?? [])]).toEqual([image.imageId]);
    expect(segmentations.log.imagesSince(mark, older)?.size).toBe(0);

    // What is read as a whole may have changed as a whole.
    await segmentations.load();
    expect(segmentations.log.imagesSince(mark, newer)).toBeNull();
  });

  test('name every image of a bulk action and of its undoing', async () => {
    const { service, client, newer } = await twoSegmentations();
    const [image] = await galleryOf(client, { id: newer });
    if (!image) throw new Error('no image');
    const events = service.events.subscribe('event')[Symbol.asyncIterator]();
    const done = await client.masks.reviewImages({
      id: newer,
      imageIds: [image.imageId],
      review: 'accepted',
    });
    await client.masks.undoBatch({ batch: done.batch ?? 0 });
    const named = { what: 'masks', segmentationId: newer, imageIds: [image.imageId] };
    expect((await events.next()).value).toMatchObject(named);
    expect((await events.next()).value).toMatchObject(named);
  });
});

describe('a new segmentation', () => {
  test('has the defaults of the contract, and takes only what it allows', () => {
    expect(SegmentSettings.parse({})).toMatchObject({ mode: 'auto', conceptCount: 12, isRefined: true });
    expect(isAllowed('conceptCount', 2)).toBe(true);
    expect(isAllowed('conceptCount', 1)).toBe(false);
    expect(isAllowed('minAreaShare', 0.6)).toBe(false);
  });
});

test('a comparison with ground truth lists the images that fit worst first, those without a score last', () => {
  const image = (relPath: string, iou: number | null) => ({
    relPath,
    iou,
    meanIou: null,
    accuracy: 1,
    isLocated: null,
    boundaryF: null,
    bestRegion: null,
    bestUnion: null,
    score: 0.5,
  });
  const images = [image('none', null), image('good', 0.9), image('b', 0), image('a', 0)];
  expect(worstFirst(images).map(({ relPath }) => relPath)).toEqual(['a', 'b', 'good', 'none']);
});
