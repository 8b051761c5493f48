import { describe, expect, test } from 'vitest';
import { SegmentationId, type MaskId } from '../../../src-main/contract/ids.ts';
import type { ReviewQueue } from '../../../src-main/contract/review-queue.ts';
import { wilsonInterval } from '../../../src-main/domain/acceptance-estimate.ts';
import type { DrawnImage } from '../../support/drawn-images.ts';
import { startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { sharpOf } from '../../support/test-images.ts';

const SIZE = 24;

/** Pictures with one square each, whose scores rise with their numbers. */
function pictures(count: number): Promise<DrawnImage[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index): Promise<DrawnImage> => {
      const data = Buffer.alloc(SIZE * SIZE * 3, 40 + index);
      const bitmap = { data: new Uint8Array(SIZE * SIZE), widthPx: SIZE, heightPx: SIZE };
      for (let y = 4; y < 14; y++) bitmap.data.fill(1, y * SIZE + 4, y * SIZE + 14);
      const bytes = await sharpOf({ data, widthPx: SIZE, heightPx: SIZE }).png().toBuffer();
      const relPath = `${String(index).padStart(3, '0')}.png`;
      const score = (index + 0.5) / count;
      return {
        relPath,
        bytes,
        widthPx: SIZE,
        heightPx: SIZE,
        masks: [{ bitmap, className: 'square', score }],
      };
    }),
  );
}

const pendingOf = ({ items }: ReviewQueue): MaskId[] =>
  items.filter(({ review }) => review === 'pending').map(({ id }) => id);

/** Accepts what scores more than a bound, and rejects the rest. */
async function decide({ client }: SegmentedService, queue: ReviewQueue, bound: number): Promise<void> {
  const right = queue.items.filter(({ score }) => score > bound).map(({ id }) => id);
  const wrong = queue.items.filter(({ score }) => score <= bound).map(({ id }) => id);
  if (right.length > 0) await client.masks.review({ ids: right, review: 'accepted' });
  if (wrong.length > 0) await client.masks.review({ ids: wrong, review: 'rejected' });
}

describe('the queue of reviews', () => {
  test('asks in rounds of thirty, and says after each what is left', async () => {
    const scene = startSegmented(await pictures(100));
    const { client, segmentationId: id } = scene;
    expect(await client.reviewQueue.get({ id })).toEqual({ round: 0, items: [], estimates: [] });
    const first = await client.reviewQueue.advance({ id });
    expect(first).toMatchObject({ round: 1, estimates: [] });
    expect(first.items.map(({ kind }) => kind).filter((kind) => kind === 'draw')).toHaveLength(10);
    expect(first.items[0]).toMatchObject({ relPath: '000.png', kind: 'gain', review: 'pending' });
    expect(await client.reviewQueue.get({ id })).toEqual(first);

    await decide(scene, first, 0.3);
    const second = await client.reviewQueue.advance({ id });
    expect(second.round).toBe(2);
    const [estimate] = second.estimates;
    const draws = first.items.filter(({ kind }) => kind === 'draw');
    const share = draws.filter(({ score }) => score > 0.3).length / draws.length;
    expect(estimate).toMatchObject({ round: 1, pending: 70, audits: 10, share });
    // The same as one computed by hand: 1 / (1 / 10 + 1 / 70) draws, rounded outwards to whole objects.
    const { low, high } = wilsonInterval(share, 1 / (1 / 10 + 1 / 70));
    expect(estimate?.low).toBeCloseTo(Math.floor(low * 70) / 70, 12);
    expect(estimate?.high).toBeCloseTo(Math.ceil(high * 70) / 70, 12);
    // Nothing is asked twice.
    const asked = new Set(first.items.map((one) => one.id));
    expect(second.items.filter((one) => asked.has(one.id))).toEqual([]);
    // What is left is right, and the draws say so.
    await decide(scene, second, 0.3);
    const third = await client.reviewQueue.advance({ id });
    expect(third.estimates.map(({ round }) => round)).toEqual([2, 1]);
    expect(third.estimates[0]?.share).toBeGreaterThan(0.9);

    await decide(scene, third, 0.3);
    await decide(scene, await client.reviewQueue.advance({ id }), 0.3);
    // Nothing is left to ask about: the last round stays.
    const last = await client.reviewQueue.advance({ id });
    expect(last.round).toBe(4);
    expect(pendingOf(last)).toEqual([]);
  });

  test('asks again about draws that were left, and counts what was corrected or deleted as not accepted', async () => {
    const scene = startSegmented(await pictures(60));
    const { client, segmentationId: id } = scene;
    const first = await client.reviewQueue.advance({ id });
    const draws = first.items.filter(({ kind }) => kind === 'draw');
    const [left, deleted, corrected, ...others] = draws.map((one) => one.id);
    if (!left || !deleted || !corrected) return expect.fail('too few draws');
    await client.masks.review({ ids: others, review: 'accepted' });
    await client.masks.remove({ ids: [deleted] });
    const mask = first.items.find((one) => one.id === corrected) ?? expect.fail('no such object');
    const shapes = await client.masks.ofImage({ id, imageId: mask.imageId });
    const [other] = await client.masks.ofImage({ id, imageId: mask.imageId });
    const created = await client.masks.create({
      id,
      imageId: mask.imageId,
      counts: other?.counts ?? '',
      conceptId: null,
    });
    const [drawn] = created.changed;
    if (!drawn) return expect.fail('nothing was drawn');
    const merged = [mask, drawn].map((one) => ({ id: one.id, revision: one.revision }));
    await client.masks.merge({ masks: merged });
    await client.masks.review({ ids: [corrected], review: 'accepted' });
    expect(shapes).toHaveLength(1);

    const second = await client.reviewQueue.advance({ id });
    expect(second.items[0]).toMatchObject({ id: left, kind: 'draw' });
    // Nine draws are decided, seven of them accepted as they were.
    expect(second.estimates[0]).toMatchObject({ audits: 9, share: 7 / 9 });
    expect(pendingOf(second)).toHaveLength(30);
  });

  test('follows an undone decision', async () => {
    const scene = startSegmented(await pictures(60));
    const { client, segmentationId: id } = scene;
    const first = await client.reviewQueue.advance({ id });
    const { batch } = await client.masks.review({ ids: pendingOf(first), review: 'rejected' });
    expect(pendingOf(await client.reviewQueue.get({ id }))).toEqual([]);
    await client.masks.undoBatch({ batch: batch ?? 0 });
    expect(await client.reviewQueue.get({ id })).toEqual(first);
    const other = SegmentationId.parse(id + 1);
    await expect(client.reviewQueue.get({ id: other })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
