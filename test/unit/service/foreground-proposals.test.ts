import { describe, expect, test } from 'vitest';
import type { CorrectionCheck } from '../../../src-main/contract/foreground-proposal.ts';
import type { ImageId } from '../../../src-main/contract/ids.ts';
import { encodeRle, type Bitmap } from '../../../src-main/core/mask/rle.ts';
import type { DrawnImage } from '../../support/drawn-images.ts';
import { galleryOf } from '../../support/running-service.ts';
import { startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { sharpOf } from '../../support/test-images.ts';

const SIZE = 16;
const COUNT = 5;

function square(left: number, side: number): Bitmap {
  const data = Uint8Array.from({ length: SIZE * SIZE }, (_, at) => {
    const [x, y] = [at % SIZE, Math.floor(at / SIZE)];
    return Number(x >= left && x < left + side && y < side);
  });
  return { data, widthPx: SIZE, heightPx: SIZE };
}

async function drawn(index: number): Promise<DrawnImage> {
  const data = Buffer.alloc(SIZE * SIZE * 3, 40 * index);
  const bytes = await sharpOf({ data, widthPx: SIZE, heightPx: SIZE }).png().toBuffer();
  const masks = [
    { bitmap: square(0, 4), className: 'cat' },
    { bitmap: square(8, 4), className: 'dog' },
  ];
  return { relPath: `${index}.png`, bytes, widthPx: SIZE, heightPx: SIZE, masks };
}

const CHECK: CorrectionCheck = { outcome: 'better', images: 7, before: 0.5, after: 0.75 };
const code = (name: string) => expect.objectContaining({ code: name }) as Error;

/** Images of two objects each, for which one larger object is proposed, as a job would. */
async function proposed(): Promise<SegmentedService & { imageIds: ImageId[] }> {
  const running = startSegmented(await Promise.all(Array.from({ length: COUNT }, (_, at) => drawn(at))));
  const { client, service, segmentationId } = running;
  const imageIds = (await galleryOf(client, { id: segmentationId })).map(({ imageId }) => imageId);
  const { foregroundProposals, jobs } = service.store;
  const spec = { kind: 'recut', segmentationId } as const;
  const jobId = jobs.insert({ spec, title: 'New foregrounds', createdAtMs: 0 });
  foregroundProposals.begin(segmentationId, jobId);
  await client.jobs.cancel({ id: jobId });
  foregroundProposals.learned(segmentationId, CHECK);
  for (const [at, imageId] of imageIds.entries()) propose(running, imageId, at / 10);
  foregroundProposals.finish(segmentationId, COUNT, 1);
  return { ...running, imageIds };
}

function propose({ service, segmentationId }: SegmentedService, imageId: ImageId, likeness: number): void {
  const mask = encodeRle(square(2, 10)) ?? expect.fail('empty');
  const objects = [{ ...mask, concept: 2, score: 0.8 }];
  service.store.foregroundProposals.save({ segmentationId, imageId, likeness, objects });
}

const masksOf = ({ client, segmentationId: id }: SegmentedService, imageId: ImageId) =>
  client.masks.ofImage({ id, imageId });
const at = <T>(list: readonly T[], place: number): T => list[place] ?? expect.fail('not there');

describe('proposed foregrounds', () => {
  test('are listed by how much changes, applied as one step, and undone', async () => {
    const scene = await proposed();
    const { client, segmentationId: id, imageIds } = scene;
    expect(await client.foregrounds.state({ id })).toEqual({
      proposal: { check: CHECK, imageCount: COUNT, cutCount: COUNT },
      job: null,
    });
    const listed = await client.foregrounds.images({ id });
    expect(listed.map(({ imageId }) => imageId)).toEqual(imageIds);
    expect(listed[1]).toMatchObject({ relPath: '1.png', likeness: 0.1, before: 2, after: 1 });
    const before = await masksOf(scene, at(imageIds, 0));

    const applied = await client.foregrounds.apply({ id, except: [at(imageIds, 3)] });
    expect(applied.changed).toBe(COUNT - 1);
    const after = await masksOf(scene, at(imageIds, 0));
    expect(after).toMatchObject([{ areaPx: 100, review: 'pending', origin: 'model', score: 0.8 }]);
    expect(after[0]?.conceptId).toBe(before.find(({ box }) => box.x === 8)?.conceptId);
    expect(await masksOf(scene, at(imageIds, 3))).toHaveLength(2);
    expect((await client.foregrounds.state({ id })).proposal).toBeNull();

    const batch = applied.batch ?? expect.fail('nothing was done');
    expect(await client.masks.undoBatch({ batch })).toEqual({ undone: COUNT - 1, kept: 0 });
    const undone = await masksOf(scene, at(imageIds, 0));
    expect(undone.map(({ id, areaPx, conceptId }) => ({ id, areaPx, conceptId }))).toEqual(
      before.map(({ id, areaPx, conceptId }) => ({ id, areaPx, conceptId })),
    );
    await client.masks.redoBatch({ batch });
    expect(await masksOf(scene, at(imageIds, 0))).toMatchObject([{ areaPx: 100 }]);
  });

  test('leave alone what somebody has worked on', async () => {
    const scene = await proposed();
    const { client, segmentationId: id, imageIds } = scene;
    const [reviewed, filed, removed] = await Promise.all(imageIds.map((one) => masksOf(scene, one)));
    const { id: accepted } = at(reviewed ?? [], 0);
    await client.masks.review({ ids: [accepted], review: 'accepted' });
    await client.masks.setConcept({ ids: [at(filed ?? [], 0).id], conceptId: at(filed ?? [], 1).conceptId });
    await client.masks.remove({ ids: [at(removed ?? [], 0).id] });
    // What is proposed later does not reach it either.
    propose(scene, at(imageIds, 0), 0);
    expect((await client.foregrounds.apply({ id })).changed).toBe(COUNT - 3);
    expect((await masksOf(scene, at(imageIds, 0))).find((mask) => mask.id === accepted)).toMatchObject({
      review: 'accepted',
    });
    expect(await masksOf(scene, at(imageIds, 2))).toHaveLength(1);
  });

  test('are for images that an earlier proposal has changed, too', async () => {
    const scene = await proposed();
    const { client, service, segmentationId: id, imageIds } = scene;
    await client.foregrounds.apply({ id });
    const open = service.store.foregroundProposals.images({ id, afterId: 0, limit: 10 });
    expect(open.map(({ isOpen }) => isOpen)).toEqual(imageIds.map(() => true));
    await client.masks.review({ ids: [at(await masksOf(scene, at(imageIds, 0)), 0).id], review: 'accepted' });
    expect(service.store.foregroundProposals.images({ id, afterId: 0, limit: 1 })).toMatchObject([
      { isOpen: false, isCorrected: true, isSettled: true },
    ]);
  });

  test('are continued if the corrections teach the same, with the images that are as they were compared', async () => {
    const scene = await proposed();
    const { client, service, segmentationId: id, imageIds } = scene;
    const { foregroundProposals } = service.store;
    const compared = () =>
      foregroundProposals
        .images({ id, afterId: 0, limit: 10 })
        .flatMap(({ id, isCompared }) => (isCompared ? [id] : []));
    const list = () => foregroundProposals.list(id).map(({ imageId }) => imageId);
    expect(compared()).toEqual(imageIds);
    // One that is finished is made anew.
    expect(foregroundProposals.learned(id, CHECK)).toBe(false);
    expect([compared(), list()]).toEqual([[], []]);
    propose(scene, at(imageIds, 0), 0.5);
    foregroundProposals.save({ segmentationId: id, imageId: at(imageIds, 1), likeness: 1, objects: null });
    propose(scene, at(imageIds, 2), 0.25);
    expect(foregroundProposals.learned(id, CHECK)).toBe(true);
    expect([compared(), list()]).toEqual([imageIds.slice(0, 3), [at(imageIds, 2), at(imageIds, 0)]]);
    await client.masks.remove({ ids: [at(await masksOf(scene, at(imageIds, 1)), 0).id] });
    expect(compared()).toEqual([at(imageIds, 0), at(imageIds, 2)]);
    expect(foregroundProposals.learned(id, { ...CHECK, after: 0.7 })).toBe(false);
    expect([compared(), list()]).toEqual([[], []]);
  });

  test('are no longer made once they have been discarded', async () => {
    const { client, service, segmentationId: id } = await proposed();
    const { foregroundProposals, jobs } = service.store;
    const jobId = jobs.insert({
      spec: { kind: 'recut', segmentationId: id },
      title: 'New foregrounds',
      createdAtMs: 0,
    });
    foregroundProposals.begin(id, jobId);
    expect((await client.foregrounds.state({ id })).job?.id).toBe(jobId);
    await client.foregrounds.discard({ id });
    expect((await client.jobs.get({ id: jobId })).state).toBe('cancelled');
    expect(await client.foregrounds.state({ id })).toEqual({ proposal: null, job: null });
  });

  test('can be discarded, and need an encoder and something to be proposed', async () => {
    const scene = await proposed();
    const { client, segmentationId: id } = scene;
    await client.foregrounds.discard({ id });
    expect((await client.foregrounds.state({ id })).proposal).toBeNull();
    await expect(client.foregrounds.apply({ id })).rejects.toThrow(code('WRONG_STATE'));
    await expect(client.foregrounds.images({ id })).rejects.toThrow(code('WRONG_STATE'));
    await expect(client.foregrounds.make({ id })).rejects.toThrow(code('WRONG_STATE'));
  });
});
