import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ImageId } from '../../../src-main/contract/ids.ts';
import type { Bitmap } from '../../../src-main/core/mask/rle.ts';
import { drawnImage, type DrawnImage } from '../../support/drawn-images.ts';
import { inProcessWorker } from '../../support/in-process-worker.ts';
import { cocoRle, importMasks, masksOf, runImport } from '../../support/mask-imports.ts';
import { bitmapOf } from '../../support/masks.ts';
import { startService, waitForState } from '../../support/running-service.ts';
import { startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const left = bitmapOf('####....', '####....', '####....', '........', '........', '........');
const leftCut = bitmapOf('####....', '####....', '###.....', '........', '........', '........');
const corner = bitmapOf('........', '........', '........', '........', '......##', '......##');
const middle = bitmapOf('........', '........', '........', '...##...', '...##...', '........');

const pets = async (): Promise<DrawnImage[]> => [
  await drawnImage('cats/a.png', [
    { bitmap: left, className: 'cat', score: 0.9 },
    { bitmap: corner, className: 'dog', score: 0.8, review: 'accepted' },
  ]),
  await drawnImage('dogs/b.png', [{ bitmap: left, className: 'dog' }]),
  await drawnImage('dogs/c.png', [{ bitmap: left, className: 'dog' }]),
];

type Annotation = [image: string, className: string, bitmap: Bitmap];

/** A COCO file of masks of these images. */
function writeCoco(...annotations: Annotation[]): string {
  const images = [...new Set(annotations.map(([image]) => image))];
  const classes = [...new Set(annotations.map(([, className]) => className))];
  const file = join(tempFolder(), 'corrected.json');
  const json = {
    images: images.map((file_name, index) => ({ id: index + 1, file_name, width: 8, height: 6 })),
    categories: classes.map((name, index) => ({ id: index + 1, name })),
    annotations: annotations.map(([image, className, bitmap], index) => ({
      id: index + 1,
      image_id: images.indexOf(image) + 1,
      category_id: classes.indexOf(className) + 1,
      segmentation: cocoRle(bitmap),
    })),
  };
  writeFileSync(file, JSON.stringify(json));
  return file;
}

/** Changes, adds, deletes and leaves masks, each on some image. */
const corrections = () =>
  writeCoco(['cats/a.png', 'cat', leftCut], ['cats/a.png', 'ball', middle], ['dogs/b.png', 'dog', left], ['dogs/b.png', 'ball', corner], ['dogs/c.png', 'dog', left]); // prettier-ignore

/** All that a person sees of the masks: all but the numbers of revisions, which only grow. */
function picture(running: SegmentedService) {
  const images = ['cats/a.png', 'dogs/b.png', 'dogs/c.png'];
  return images.map((relPath) =>
    masksOf(running, relPath).map(({ className, review, drawing }) => ({ className, review, drawing })),
  );
}

async function firstImageOf({ client, collection }: SegmentedService): Promise<ImageId> {
  const [image] = (await client.images.page({ collectionId: collection.id })).items;
  if (!image) throw new Error('no image');
  return image.id;
}

const conceptsOf = async ({ client, segmentationId }: SegmentedService) =>
  (await client.concepts.list({ id: segmentationId })).map(({ name }) => name);

describe('an import', () => {
  test('is undone and done again as a whole, also after a restart, with the concepts that it made', async () => {
    const first = startSegmented(await pets());
    const before = picture(first);
    const made = await runImport(first, corrections(), 'coco', { rejectMissing: true });
    expect(made.result).toMatchObject({ images: 3, kept: 2, changed: 1, added: 2, rejected: 1 });
    const after = picture(first);
    expect(after).not.toEqual(before);
    expect(await conceptsOf(first)).toEqual(['cat', 'dog', 'ball']);
    const batch = made.batch ?? -1;
    first.service[Symbol.dispose]();

    const second = { ...first, ...startService({ dataFolder: first.dataFolder, fork: inProcessWorker }) };
    // On one image nothing was changed: there is no step.
    expect(await second.client.masks.undoBatch({ batch })).toEqual({ undone: 2, kept: 0 });
    expect(picture(second)).toEqual(before);
    expect(await conceptsOf(second)).toEqual(['cat', 'dog']);
    second.service[Symbol.dispose]();

    const third = { ...first, ...startService({ dataFolder: first.dataFolder, fork: inProcessWorker }) };
    expect(await third.client.masks.redoBatch({ batch })).toEqual({ redone: 2, kept: 0 });
    expect(picture(third)).toEqual(after);
    expect(await conceptsOf(third)).toEqual(['cat', 'dog', 'ball']);
  });

  test('is one step of each image, undone there like any other', async () => {
    const running = startSegmented(await pets());
    const before = picture(running);
    await runImport(running, corrections(), 'coco');
    const imageId = await firstImageOf(running);
    const key = { id: running.segmentationId, imageId };
    expect(await running.client.masks.history(key)).toEqual({ undo: 'import', redo: null });
    await running.client.masks.undo(key);
    expect(picture(running)[0]).toEqual(before[0]);
    expect(await running.client.masks.history(key)).toEqual({ undo: 'review', redo: 'import' });
  });

  test('is kept on images whose masks were changed since', async () => {
    const running = startSegmented(await pets());
    const before = picture(running);
    const { batch } = await runImport(running, corrections(), 'coco');
    const imageId = await firstImageOf(running);
    const imageIds = [imageId];
    await running.client.masks.reviewImages({ id: running.segmentationId, imageIds, review: 'rejected' });
    const changed = picture(running)[0];
    expect(await running.client.masks.undoBatch({ batch: batch ?? -1 })).toEqual({ undone: 1, kept: 1 });
    expect(picture(running)).toEqual([changed, ...before.slice(1)]);
  });

  /** An import whose worker was killed after it had rejected the first mask of the first image. */
  async function interrupted(running: SegmentedService) {
    const { store } = running.service;
    const path = corrections();
    const options = { segmentationId: running.segmentationId, path, format: 'coco', rejectMissing: true, isDryRun: false } as const; // prettier-ignore
    const importId = store.maskImports.insert(options, 1);
    const imageId = await firstImageOf(running);
    const { masks } = store.maskImports.masksOf(imageId, {
      segmentationId: running.segmentationId,
      versionIds: [],
    });
    const [cat] = masks;
    if (!cat) throw new Error('no mask');
    const change = { kind: 'reject', maskId: cat.id, revision: cat.revision } as const;
    const counts = { kept: 1, changed: 0, added: 0, rejected: 1, skipped: 0 };
    expect(store.maskImports.save(importId, { imageId, changes: [change], counts }, 1)).toBe(true);
    const batch = store.maskImports.get(importId)?.batch ?? -1;
    const resume = async () => {
      const job = running.service.queue.enqueue({ kind: 'import', importId }, 'Import corrected.json');
      await waitForState(running.client, job.id, 'done');
      return running.client.maskImports.get({ id: importId });
    };
    return { batch, imageId, resume };
  }

  test('that was interrupted is completed as the same step, with the counts of both parts', async () => {
    const running = startSegmented(await pets());
    const before = picture(running);
    const { batch, resume } = await interrupted(running);
    const made = await resume();
    expect(made.batch).toBe(batch);
    expect(made.result).toMatchObject({ images: 3, kept: 3, changed: 0, added: 1, rejected: 1 });
    expect(await running.client.masks.undoBatch({ batch })).toEqual({ undone: 2, kept: 0 });
    expect(picture(running)).toEqual(before);
  });

  test.each([
    ['undone', (running: SegmentedService, { batch }: { batch: number }) => running.client.masks.undoBatch({ batch })],
    ['undone on one image, and overtaken there', async (running: SegmentedService, { imageId }: { imageId: ImageId }) => {
      const key = { id: running.segmentationId, imageId };
      await running.client.masks.undo(key);
      await running.client.masks.reviewImages({ id: key.id, imageIds: [imageId], review: 'accepted' });
    }],
  ])('that was interrupted and %s is applied to all images when it is resumed, as one step', async (_, undo) => {
    const whole = startSegmented(await pets());
    const { result } = await runImport(whole, corrections(), 'coco', { rejectMissing: true });
    const running = startSegmented(await pets());
    const stopped = await interrupted(running);
    await undo(running, stopped);
    const before = picture(running);
    const made = await stopped.resume();
    expect(made).toMatchObject({ batch: stopped.batch, result });
    const shapes = (of: SegmentedService) => picture(of).map((masks) => masks.map(({ className, drawing }) => [className, drawing]));
    expect(shapes(running)).toEqual(shapes(whole));
    expect(await running.client.masks.undoBatch({ batch: stopped.batch })).toEqual({ undone: 2, kept: 0 });
    expect(picture(running)).toEqual(before);
  }); // prettier-ignore

  test('saves nothing over masks that were changed while it compared them', async () => {
    const running = startSegmented(await pets());
    const { store } = running.service;
    const { segmentationId } = running;
    const options = {
      segmentationId,
      path: '/x',
      format: 'coco',
      rejectMissing: false,
      isDryRun: false,
    } as const;
    const id = store.maskImports.insert(options, 1);
    const imageId = await firstImageOf(running);
    const [mask] = store.maskImports.masksOf(imageId, { segmentationId, versionIds: [] }).masks;
    if (!mask) throw new Error('no mask');
    await running.client.masks.edit({ id: mask.id, revision: 1, counts: cocoRle(middle).counts });
    const edited = picture(running);
    const changes = [{ kind: 'reject', maskId: mask.id, revision: mask.revision } as const];
    const counts = { kept: 0, changed: 0, added: 0, rejected: 1, skipped: 0 };
    expect(store.maskImports.save(id, { imageId, changes, counts }, 1)).toBe(false);
    expect(picture(running)).toEqual(edited);
    expect(store.maskImports.imagesOf(id, { onlyDifferent: false, cursor: null, limit: 9 }).items).toEqual(
      [],
    );
  });
});

describe('a preview', () => {
  test('says what an import would do, image by image, and does nothing', async () => {
    const running = startSegmented(await pets());
    const before = picture(running);
    const path = corrections();
    const preview = await runImport(running, path, 'coco', { rejectMissing: true, isDryRun: true });
    expect(preview.batch).toBeNull();
    expect(picture(running)).toEqual(before);
    expect(await conceptsOf(running)).toEqual(['cat', 'dog']);
    const { items: shown } = await running.client.maskImports.images({ id: preview.id, onlyDifferent: true });
    expect(shown).toMatchObject([
      { relPath: 'cats/a.png', kept: 0, changed: 1, added: 1, rejected: 1, skipped: 0 },
      { relPath: 'dogs/b.png', kept: 1, changed: 0, added: 1, rejected: 0, skipped: 0 },
    ]);
    const all = await running.client.maskImports.images({ id: preview.id, limit: 2 });
    expect(all.items.map(({ relPath }) => relPath)).toEqual(['cats/a.png', 'dogs/b.png']);
    const rest = await running.client.maskImports.images({
      id: preview.id,
      limit: 2,
      cursor: all.nextCursor,
    });
    expect(rest).toMatchObject({ items: [{ relPath: 'dogs/c.png', kept: 1, added: 0 }], nextCursor: null });
    expect(await importMasks(running, path, 'coco', { rejectMissing: true })).toEqual(preview.result);
  });
});

describe('several files about an image', () => {
  test('count together: what one lacks, another may hold, and a repeated mask is the same', async () => {
    const running = startSegmented(await pets());
    const folder = tempFolder();
    const write = (name: string, ...annotations: Annotation[]) => {
      const from = writeCoco(...annotations);
      writeFileSync(join(folder, name), readFileSync(from));
    };
    write('1.json', ['dogs/b.png', 'dog', left], ['dogs/b.png', 'ball', corner]);
    write('2.json', ['dogs/b.png', 'dog', left], ['dogs/b.png', 'ball', corner]);
    expect(await importMasks(running, folder, 'coco', { rejectMissing: true })).toMatchObject({
      kept: 3,
      added: 1,
      rejected: 0,
    });
    write('2.json', ['dogs/b.png', 'dog', leftCut]);
    const contradicted = await importMasks(running, folder, 'coco');
    expect(contradicted).toMatchObject({ kept: 2, changed: 0, added: 0, skipped: 1 });
    expect(contradicted?.problems[0]?.detail).toContain(
      'Another file has this object of dogs/b.png in another shape',
    );
  });

  test('under two names that could both be it are named, unless one says so for certain', async () => {
    const running = startSegmented(await pets());
    const unclear = writeCoco(['b.jpg', 'dog', left], ['b.bmp', 'dog', left]);
    expect(await importMasks(running, unclear, 'coco')).toMatchObject({
      images: 1,
      kept: 0,
      added: 0,
      skipped: 2,
    });
    const clear = writeCoco(['dogs/b.png', 'dog', left], ['b.bmp', 'dog', corner]);
    expect(await importMasks(running, clear, 'coco')).toMatchObject({
      images: 1,
      kept: 1,
      added: 0,
      skipped: 1,
    });
  });
});
