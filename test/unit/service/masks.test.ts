import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../../src-main/contract/contract.ts';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import { ConceptId, ImageId, MaskId } from '../../../src-main/contract/ids.ts';
import type { ForegroundNote, ShapedMask } from '../../../src-main/contract/segmentation.ts';
import { decodeRle, encodeRle } from '../../../src-main/core/mask/rle.ts';
import { inPaintOrder } from '../../../src-main/domain/stack-order.ts';
import { sharp } from '../../../src-main/core/image/sharp-setup.ts';
import { parseImagePath, readImage } from '../../../src-main/service/image-files.ts';
import { emptyCaches } from '../../../src-main/service/storage-use.ts';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf, drawingOf } from '../../support/masks.ts';
import { saveDrawn, startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { galleryOf } from '../../support/running-service.ts';

const LEFT = bitmapOf('####....', '####....', '####....', '####....');
const RIGHT = bitmapOf('......##', '......##', '......##', '........');
const PARTS = bitmapOf('##....##', '##....##', '##....##', '........');

const code = (name: string) => expect.objectContaining({ code: name }) as Error;

function countsOf(...rows: string[]): string {
  const mask = encodeRle(bitmapOf(...rows));
  return Buffer.from(mask?.shape.rle ?? []).toString('latin1');
}

const drawing = ({ gridWidth, gridHeight, counts }: ShapedMask) =>
  drawingOf(decodeRle({ gridWidth, gridHeight, rle: Buffer.from(counts, 'latin1') }));

class Opened {
  readonly running: SegmentedService;
  readonly client: Client;
  readonly key: Parameters<Client['masks']['ofImage']>[0];

  constructor(running: SegmentedService, imageId: number) {
    this.running = running;
    this.client = running.client;
    this.key = { id: running.segmentationId, imageId: ImageId.parse(imageId) };
  }

  /** The objects, by class as they were drawn. */
  async masks(): Promise<ShapedMask[]> {
    const all = await this.client.masks.ofImage(this.key);
    return all.sort((a, b) => a.id - b.id);
  }
}

/** One image with a cat on the left, a dog on the right and a bird of two parts; a second one with a cat. */
async function opened(): Promise<Opened> {
  const images = [
    await drawnImage('a.png', [
      { bitmap: LEFT, className: 'cat', score: 0.4 },
      { bitmap: RIGHT, className: 'dog', score: 0.9 },
      { bitmap: PARTS, className: 'bird', score: 0.2 },
    ]),
    await drawnImage('b.png', [{ bitmap: LEFT, className: 'cat' }]),
  ];
  const running = startSegmented(images);
  const items = await galleryOf(running.client, { id: running.segmentationId });
  return new Opened(running, items[0]?.imageId ?? 0);
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there');
  return value;
}

describe('masks of an image', () => {
  test('are merged, split, drawn, reshaped and removed, and all of it is taken back', async () => {
    const { client, key, ...scene } = await opened();
    const masks = () => new Opened(scene.running, key.imageId).masks();
    const before = await masks();
    const [cat, dog, bird] = before;
    if (!cat || !dog || !bird) throw new Error('no masks');

    const merged = await client.masks.merge({ masks: [cat, dog] });
    expect(merged).toMatchObject({ removed: [dog.id], history: { undo: 'merge', redo: null } });
    const union = must(merged.changed[0]);
    expect(drawing(union)).toEqual(['####..##', '####..##', '####..##', '####....']);
    expect(union).toMatchObject({
      id: cat.id,
      conceptId: cat.conceptId,
      areaPx: 22,
      score: 0.9,
      review: 'edited',
    });

    const parts = await client.masks.split({ ...bird, by: { kind: 'parts' } });
    expect(parts.changed.map(drawing)).toEqual([
      ['##......', '##......', '##......', '........'],
      ['......##', '......##', '......##', '........'],
    ]);
    expect(parts.changed.every((part) => part.conceptId === bird.conceptId && part.review === 'edited')).toBe(
      true,
    );

    const line = [
      { x: 1.5, y: -1 },
      { x: 1.5, y: 5 },
    ];
    const cut = await client.masks.split({ ...union, by: { kind: 'line', points: line } });
    expect(cut.changed).toHaveLength(2);
    const overlapping = await client.masks.create({
      ...key,
      counts: countsOf('........', '.##.....', '........', '........'),
      conceptId: dog.conceptId,
    });
    const drawn = must(overlapping.changed[0]);
    expect(drawn).toMatchObject({ origin: 'hand', score: 1, review: 'accepted', areaPx: 2, level: 0 });
    const largest = must(cut.changed[0]);
    const shared = await client.masks.split({ ...largest, by: { kind: 'mask', id: drawn.id } });
    expect(shared.changed.map(({ areaPx }) => areaPx).reduce((a, b) => a + b, 0)).toBe(largest.areaPx);

    expect(await client.masks.remove({ ids: [drawn.id] })).toMatchObject({ changed: 1 });
    await client.masks.setConcept({ ids: [largest.id], conceptId: null });
    await client.masks.review({ ids: [largest.id], review: 'rejected' });
    const undone: (string | null)[] = [];
    for (let kind = (await client.masks.history(key)).undo; kind !== null;) {
      undone.push(kind);
      kind = (await client.masks.undo(key)).history.undo;
    }
    expect(undone).toEqual(['review', 'concept', 'remove', 'split', 'create', 'split', 'split', 'merge']);
    const plain = (all: ShapedMask[]) => all.map(({ revision: _, ...mask }) => mask);
    expect(plain(await masks())).toEqual(plain(before));
    for (let { redo } = await client.masks.history(key); redo !== null;) {
      redo = (await client.masks.redo(key)).history.redo;
    }
    expect((await masks()).map(({ areaPx }) => areaPx).sort()).not.toEqual(
      before.map(({ areaPx }) => areaPx).sort(),
    );
    await expect(client.masks.redo(key)).rejects.toEqual(code('WRONG_STATE'));
    expect(scene.running.bugs).toEqual([]);
  });

  test('are put in front of others and behind them, as steps, for the screen, datasets and new masks', async () => {
    const { client, key, running } = await opened();
    const masks = () => new Opened(running, key.imageId).masks();
    const [cat, dog, bird] = await masks();
    if (!cat || !dog || !bird) throw new Error('no masks');
    const painted = async () => inPaintOrder(await masks(), ({ id }) => id).map(({ id }) => id);
    const version = async () => (await galleryOf(client, { id: key.id }))[0]?.version;
    expect(await painted()).toEqual([cat.id, bird.id, dog.id]);
    const drawnBefore = await version();

    // The cat is the largest, and so at the back. It overlaps the bird, but not the dog.
    const forward = await client.masks.arrange({ ids: [cat.id], to: 'forward' });
    expect(forward.history).toEqual({ undo: 'arrange', redo: null });
    expect(await painted()).toEqual([bird.id, cat.id, dog.id]);
    expect(await version()).not.toBe(drawnBefore);
    const again = await client.masks.arrange({ ids: [cat.id], to: 'forward' });
    expect([again.changed, again.history.undo]).toEqual([[], 'arrange']);
    await client.masks.arrange({ ids: [cat.id], to: 'front' });
    expect(await painted()).toEqual([bird.id, dog.id, cat.id]);
    await client.masks.arrange({ ids: [dog.id, bird.id], to: 'backward' });
    expect(await painted()).toEqual([bird.id, dog.id, cat.id]);

    // What is drawn is in front of what is larger.
    const counts = countsOf('........', '.##.....', '........', '........');
    const made = await client.masks.create({ ...key, counts, conceptId: null });
    const drawn = must(made.changed[0]);
    expect(await painted()).toEqual([bird.id, dog.id, cat.id, drawn.id]);

    const recipe = DatasetRecipe.parse({ segmentationIds: [key.id] });
    const { id: frozen } = await client.datasets.create({ name: 'arranged', recipe });
    const { datasetRows } = running.service.store;
    const [image] = datasetRows.page({ versionId: frozen, afterId: 0, limit: 1 });
    const frozenMasks = inPaintOrder(datasetRows.masksOf(must(image).id), ({ id }) => id);
    expect(frozenMasks.map(({ sourceMaskId }) => sourceMaskId)).toEqual(await painted());

    await client.masks.undo(key);
    await client.masks.undo(key);
    expect(await painted()).toEqual([bird.id, cat.id, dog.id]);
    await client.masks.undo(key);
    expect(await painted()).toEqual([cat.id, bird.id, dog.id]);
    await client.masks.redo(key);
    expect(await painted()).toEqual([bird.id, cat.id, dog.id]);
    const next = await client.datasets.create({ name: 'arranged', recipe });
    const diff = await client.datasets.diff({ from: frozen, to: next.id });
    expect(diff.masks).toMatchObject({ added: 0, removed: 1 });
    expect(diff.masks.changed).toBeGreaterThan(0);

    const [other] = (await galleryOf(client, { id: key.id })).slice(1);
    const [foreign] = await client.masks.ofImage({ id: key.id, imageId: must(other).imageId });
    await expect(client.masks.arrange({ ids: [cat.id, must(foreign).id], to: 'front' })).rejects.toEqual(
      code('BAD_INPUT'),
    );
    expect(running.bugs).toEqual([]);
  });

  test('are not merged or split into what makes no sense', async () => {
    const { client, key, running } = await opened();
    const [cat, dog] = await new Opened(running, key.imageId).masks();
    const items = await galleryOf(client, { id: key.id });
    const [other] = await client.masks.ofImage({ id: key.id, imageId: must(items[1]).imageId });
    if (!cat || !dog || !other) throw new Error('no masks');
    const refused = [
      () => client.masks.merge({ masks: [cat, other] }),
      () => client.masks.merge({ masks: [cat, cat] }),
      () => client.masks.split({ ...cat, by: { kind: 'parts' } }),
      () => client.masks.split({ ...cat, by: { kind: 'mask', id: dog.id } }),
      () => client.masks.create({ ...key, counts: '9', conceptId: null }),
      () => client.masks.create({ ...key, counts: cat.counts, conceptId: ConceptId.parse(999) }),
    ];
    for (const one of refused) await expect(one()).rejects.toEqual(code('BAD_INPUT'));
    const stale = { ...cat, revision: 7 };
    await expect(client.masks.split({ ...stale, by: { kind: 'mask', id: dog.id } })).rejects.toEqual(
      code('BAD_INPUT'),
    );
    await expect(client.masks.merge({ masks: [stale, dog] })).rejects.toEqual(code('WRONG_STATE'));
    await expect(client.masks.remove({ ids: [MaskId.parse(999)] })).rejects.toEqual(code('NOT_FOUND'));
    expect(await client.masks.history(key)).toEqual({ undo: null, redo: null });
    expect(running.bugs).toEqual([]);
  });

  test('are drawn on an image that has none yet', async () => {
    const { client, running } = await opened();
    const empty = saveDrawn(running, running.collection, [await drawnImage('a.png', [])]);
    const items = await galleryOf(client, { id: empty });
    const counts = countsOf('#.......', ...Array.from({ length: 3 }, () => '........'));
    const { changed } = await client.masks.create({
      id: empty,
      imageId: must(items[0]).imageId,
      counts,
      conceptId: null,
    });
    expect(changed).toMatchObject([{ gridWidth: 8, gridHeight: 4, areaPx: 1 }]);
  });
});

describe('a verdict on many images', () => {
  test('is on all objects, or those of a concept; corrected ones stay corrected; and it is taken back', async () => {
    const { client, key, running } = await opened();
    const id = key.id;
    const imageIds = (await galleryOf(client, { id })).map((item) => item.imageId);
    const reviews = async () => {
      const all = await Promise.all(imageIds.map((imageId) => client.masks.ofImage({ id, imageId })));
      return all
        .flat()
        .sort((a, b) => a.id - b.id)
        .map(({ review }) => review);
    };
    const [cat] = await new Opened(running, key.imageId).masks();
    if (!cat) throw new Error('no mask');
    await client.masks.edit({
      ...cat,
      counts: countsOf('##......', ...Array.from({ length: 3 }, () => '........')),
    });

    const one = await client.masks.reviewImages({
      id,
      imageIds,
      review: 'rejected',
      conceptId: must(cat.conceptId ?? undefined),
    });
    expect(one.changed).toBe(2);
    expect(await reviews()).toEqual(['rejected', 'pending', 'pending', 'rejected']);
    await client.masks.undoBatch({ batch: must(one.batch ?? undefined) });
    const all = await client.masks.reviewImages({ id, imageIds, review: 'accepted' });
    expect(await reviews()).toEqual(['edited', 'accepted', 'accepted', 'accepted']);
    expect(await client.masks.undoBatch({ batch: must(all.batch ?? undefined) })).toEqual({
      undone: 2,
      kept: 0,
    });
    expect(await reviews()).toEqual(['edited', 'pending', 'pending', 'pending']);
    expect(
      await client.masks.reviewImages({
        id,
        imageIds,
        review: 'pending',
        conceptId: cat.conceptId ?? undefined,
      }),
    ).toMatchObject({ changed: 1 });
  });

  test('is one for the objects of what was merged into a concept, too', async () => {
    const { running, key, client } = await opened();
    const { id, imageId } = key;
    const [cat, other] = must((await client.concepts.list({ id })).filter(({ maskCount }) => maskCount > 0));
    const merged = must(other);
    const before = await client.masks.ofImage({ id, imageId });
    const conceptId = must(cat).id;
    const ofBoth = before.filter((mask) => mask.conceptId === conceptId || mask.conceptId === merged.id);
    expect(ofBoth.length).toBeGreaterThan(1);
    await client.concepts.update({ id: merged.id, mergedInto: conceptId });
    const done = await client.masks.reviewImages({ id, imageIds: [imageId], review: 'rejected', conceptId });
    expect(done.changed).toBe(ofBoth.length);
    expect(running.segmentationId).toBe(id);
  });
});

describe('the thumbnail of an image with its objects', () => {
  const WIDTH = 64;
  const half = bitmapOf(...Array.from({ length: 32 }, () => '#'.repeat(WIDTH / 2) + '.'.repeat(WIDTH / 2)));

  async function drawn() {
    const running = startSegmented([
      await drawnImage('a.png', [{ bitmap: half, className: 'cat' }]),
      await drawnImage('b.png', []),
    ]);
    const items = await galleryOf(running.client, { id: running.segmentationId });
    const imageId = must(items.find(({ maskCount }) => maskCount > 0)).imageId;
    const id = running.segmentationId;
    const read = async (version: string) => {
      const request = parseImagePath(`/segmentations/${id}/drawn/${imageId}/${version}.webp`);
      return readImage(running.service, must(request));
    };
    return { running, id, imageId, read };
  }

  const pixelsOf = async (webp: Uint8Array) => {
    const { data, info } = await sharp(webp).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: WIDTH, height: 32, channels: 3 });
    return (x: number, y: number) => [...data.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3)];
  };

  test('shows them in the colours of their concepts over the photo', async () => {
    const { running, id, imageId, read } = await drawn();
    const { bytes, mimeType, isForever } = await read('0.3-x');
    expect({ mimeType, isForever }).toEqual({ mimeType: 'image/webp', isForever: true });
    const photo = await readImage(running.service, must(parseImagePath(`/images/${imageId}/thumbnail`)));
    const [before, after] = [await pixelsOf(photo.bytes), await pixelsOf(bytes)];
    const [cat] = await running.client.concepts.list({ id });
    const colour = [1, 3, 5].map((at) => Number.parseInt(must(cat).colour.slice(at, at + 2), 16));
    // Inside 92 parts of 255 are the colour's, and outside none; WebP changes pixels by a little.
    after(8, 8).forEach((value, channel) => {
      const below = must(before(8, 8)[channel]);
      const expected = below + (must(colour[channel]) - below) * (92 / 255);
      expect(Math.abs(value - expected)).toBeLessThan(12);
    });
    after(56, 8).forEach((value, channel) => {
      expect(Math.abs(value - must(before(56, 8)[channel]))).toBeLessThan(12);
    });
    expect(running.bugs).toEqual([]);
  });

  test('is drawn once, also for a photo that is gone, and anew when a mask has changed', async () => {
    const { running, id, imageId, read } = await drawn();
    const { bytes } = await read('1');
    rmSync(running.folder, { recursive: true });
    const folder = join(running.service.layout.cache, 'drawn');
    const files = () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isWebp);
    const [file] = files();
    expect(readFileSync(join(folder, must(file)))).toEqual(Buffer.from(bytes));
    writeFileSync(join(folder, must(file)), 'kept');
    expect(Buffer.from((await read('1')).bytes).toString()).toBe('kept');
    const [mask] = await running.client.masks.ofImage({ id, imageId });
    await running.client.masks.review({ ids: [must(mask).id], review: 'rejected' });
    const other = await read('2');
    expect(Buffer.from(other.bytes)).not.toEqual(Buffer.from(bytes));
    expect(await pixelsOf(other.bytes)).toBeTypeOf('function');
    expect(files()).toHaveLength(2);
    await emptyCaches(running.service.layout);
    // What is needed is there no more: neither the thumbnail nor the photo.
    await expect(read('2')).rejects.toEqual(code('IMAGE_UNAVAILABLE'));
  });

  const isWebp = (name: string) => name.endsWith('.webp');

  test.each([
    '/segmentations/1/drawn/1/.webp',
    '/segmentations/0/drawn/1/a.webp',
    '/segmentations/1/drawn/1/a%2fb.webp',
    '/segmentations/1/drawn/1/a.png',
  ])('is not at %s', (path) => {
    expect(parseImagePath(path)).toBeUndefined();
  });

  test('is refused for an image that is not part of the segmentation', async () => {
    const { running, key } = await opened();
    const request = parseImagePath(`/segmentations/${key.id}/drawn/99/a.webp`);
    await expect(readImage(running.service, must(request))).rejects.toEqual(code('NOT_FOUND'));
  });
});

describe('objects that are likely right', () => {
  const HEAD: ForegroundNote = {
    way: 'head',
    agreement: 0.7,
    imageCount: 40,
    from: null,
    taughtBy: [],
    hasThingMetric: false,
  };

  /** Two images: on one a sure cat and an unsure dog, on the other a sure dog that has been rejected, and a sure cat. */
  async function judged(hasHead = true) {
    const running = startSegmented([
      await drawnImage('a.png', [
        { bitmap: LEFT, className: 'cat', score: 0.95 },
        { bitmap: RIGHT, className: 'dog', score: 0.6 },
      ]),
      await drawnImage('b.png', [
        { bitmap: RIGHT, className: 'dog', score: 0.99, review: 'rejected' },
        { bitmap: LEFT, className: 'cat', score: 0.9 },
      ]),
    ]);
    const { client, service, segmentationId: id } = running;
    if (hasHead) service.store.segmentations.setForeground(id, HEAD);
    const progress = () => client.masks.reviewProgress({ id });
    const listed = async (trust: 'likely-right' | 'to-check') =>
      (await galleryOf(client, { id, trust })).map(({ relPath }) => relPath);
    return { client, id, progress, listed };
  }

  test('are counted, accepted in one step that leaves other verdicts alone, and accepted no longer once it is undone', async () => {
    const { client, id, progress, listed } = await judged();
    const before = {
      counts: { pending: 3, accepted: 0, rejected: 1, edited: 0 },
      likelyRight: { maskCount: 2, imageCount: 2 },
    };
    expect(await progress()).toEqual(before);
    expect(await listed('likely-right')).toEqual(['a.png', 'b.png']);
    expect(await listed('to-check')).toEqual(['a.png']);
    const { changed, batch } = await client.masks.acceptLikelyRight({ id });
    expect(changed).toBe(2);
    expect(await progress()).toEqual({
      counts: { pending: 1, accepted: 2, rejected: 1, edited: 0 },
      likelyRight: { maskCount: 0, imageCount: 0 },
    });
    expect(await listed('to-check')).toEqual(['a.png']);
    await client.masks.undoBatch({ batch: batch ?? 0 });
    expect(await progress()).toEqual(before);
  });

  test('are marked on the tiles of their images', async () => {
    const { client, id } = await judged();
    const counts = async () =>
      (await galleryOf(client, { id })).map(({ likelyRightCount }) => likelyRightCount);
    expect(await counts()).toEqual([1, 2]);
  });

  test('are not known without a foreground head: everything has to be checked', async () => {
    const { client, id, progress, listed } = await judged(false);
    expect((await progress()).likelyRight).toBeNull();
    expect(await listed('likely-right')).toEqual([]);
    expect(await listed('to-check')).toEqual(['a.png', 'b.png']);
    expect((await galleryOf(client, { id })).map(({ likelyRightCount }) => likelyRightCount)).toEqual([0, 0]);
    await expect(client.masks.acceptLikelyRight({ id })).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  test('are those of a concept, and of what was merged into it, where one is in the filter', async () => {
    const { client, id } = await judged();
    const concepts = await client.concepts.list({ id });
    const conceptOf = (name: string) => {
      const found = concepts.find((concept) => concept.name === name);
      if (!found) throw new Error(`no concept ${name}`);
      return found.id;
    };
    const of = async (name: string) =>
      (await galleryOf(client, { id, conceptId: conceptOf(name), trust: 'to-check' })).map(
        ({ relPath }) => relPath,
      );
    expect(await of('cat')).toEqual([]);
    expect(await of('dog')).toEqual(['a.png']);
    await client.concepts.update({ id: conceptOf('dog'), mergedInto: conceptOf('cat') });
    expect(await of('cat')).toEqual(['a.png']);
  });
});
