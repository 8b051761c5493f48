import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ImageId, MaskId, SegmentationId } from '../../../src-main/contract/ids.ts';
import { encodeRle, type Bitmap } from '../../../src-main/core/mask/rle.ts';
import { segmentationFiles } from '../../../src-main/domain/data-layout.ts';
import type { DrawnImage } from '../../support/drawn-images.ts';
import { galleryOf, waitForState } from '../../support/running-service.ts';
import { startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { sharpOf } from '../../support/test-images.ts';

const SIZE = 48;
type Colour = readonly [number, number, number];
const RED: Colour = [200, 40, 40];
const BLUE: Colour = [40, 60, 200];
const GROUND: Colour = [128, 128, 128];

/** A square of a colour on a grey ground; each a little different. */
async function square(relPath: string, colour: Colour, shift: number): Promise<DrawnImage> {
  const inside = (x: number, y: number) => x >= 8 && x < 28 && y >= 8 + shift && y < 28 + shift;
  const data = Buffer.alloc(SIZE * SIZE * 3);
  const bitmap: Bitmap = { data: new Uint8Array(SIZE * SIZE), widthPx: SIZE, heightPx: SIZE };
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const at = y * SIZE + x;
      data.set(inside(x, y) ? colour : GROUND, at * 3);
      bitmap.data[at] = Number(inside(x, y));
    }
  }
  const bytes = await sharpOf({ data, widthPx: SIZE, heightPx: SIZE }).png().toBuffer();
  return { relPath, bytes, widthPx: SIZE, heightPx: SIZE, masks: [{ bitmap, className: 'square' }] };
}

type Opened = SegmentedService & { imageIds: ImageId[]; maskIds: MaskId[] };

/** Three red squares and three blue ones, in turn. */
async function opened(): Promise<Opened> {
  const colours = [RED, BLUE, RED, BLUE, RED, BLUE];
  const running = startSegmented(
    await Promise.all(colours.map((colour, at) => square(`${at}.png`, colour, at))),
  );
  const tiles = await galleryOf(running.client, { id: running.segmentationId });
  const imageIds = tiles.map(({ imageId }) => imageId);
  const masks = imageIds.map((imageId) =>
    running.client.masks.ofImage({ id: running.segmentationId, imageId }),
  );
  return {
    ...running,
    imageIds,
    maskIds: (await Promise.all(masks)).flatMap((one) => one.map(({ id }) => id)),
  };
}

async function describeAll({ client, segmentationId: id }: Opened): Promise<void> {
  const job = await client.similar.describe({ id });
  await waitForState(client, job.id, 'done');
}

const code = (name: string) => expect.objectContaining({ code: name }) as Error;
const at = <T>(list: readonly T[], place: number): T => list[place] ?? expect.fail('not there');

describe('similar images and objects', () => {
  test('come nearest first, without the one that they are compared with', async () => {
    const scene = await opened();
    const { client, segmentationId: id, imageIds, maskIds } = scene;
    await describeAll(scene);
    const { found, sought } = await client.similar.objects({ maskId: at(maskIds, 1), limit: 10 });
    expect(sought.id).toBe(at(maskIds, 1));
    expect(
      found
        .slice(0, 2)
        .map((one) => maskIds.indexOf(one.id))
        .sort(),
    ).toEqual([3, 5]);
    expect(found).toHaveLength(5);
    expect(found.map(({ similarity }) => similarity)).toEqual(
      found.map(({ similarity }) => similarity).toSorted((a, b) => b - a),
    );
    const images = await client.similar.images({ id, imageId: at(imageIds, 0), limit: 2 });
    expect(images.map(({ relPath }) => relPath).sort()).toEqual(['2.png', '4.png']);
  });

  test('are refused before anything was described, and for what does not exist', async () => {
    const scene = await opened();
    const { client, segmentationId: id, imageIds, maskIds } = scene;
    const maskId = at(maskIds, 0);
    await expect(client.similar.objects({ maskId })).rejects.toThrow(code('WRONG_STATE'));
    await expect(client.similar.images({ id, imageId: at(imageIds, 0) })).rejects.toThrow(
      code('WRONG_STATE'),
    );
    expect(await client.similar.state({ id })).toEqual({ description: null, job: null });
    await describeAll(scene);
    await expect(client.similar.objects({ maskId: MaskId.parse(999) })).rejects.toThrow(code('NOT_FOUND'));
    await expect(client.similar.images({ id, imageId: ImageId.parse(999) })).rejects.toThrow(
      code('NOT_FOUND'),
    );
    const nowhere = SegmentationId.parse(99);
    await expect(client.similar.state({ id: nowhere })).rejects.toThrow(code('NOT_FOUND'));
    await expect(client.similar.describe({ id: nowhere })).rejects.toThrow(code('NOT_FOUND'));
  });

  test('say what has changed since, and describing again takes it in', async () => {
    const scene = await opened();
    const { client, segmentationId: id, imageIds, maskIds } = scene;
    await describeAll(scene);
    const first = await client.similar.state({ id });
    expect(first.description).toMatchObject({
      imageCount: 6,
      maskCount: 6,
      changedCount: 0,
      skippedCount: 0,
      hasFeatures: false,
    });
    await client.masks.remove({ ids: [at(maskIds, 3)] });
    // A review changes no outline.
    await client.masks.review({ ids: [at(maskIds, 0)], review: 'accepted' });
    const corner: Bitmap = { data: new Uint8Array(SIZE * SIZE), widthPx: SIZE, heightPx: SIZE };
    corner.data.fill(1, 0, 200);
    const made = await client.masks.create({
      id,
      imageId: at(imageIds, 0),
      counts: Buffer.from(encodeRle(corner)?.shape.rle ?? []).toString('latin1'),
      conceptId: null,
    });
    expect((await client.similar.state({ id })).description).toMatchObject({ changedCount: 2 });
    const drawn = at(made.changed, 0).id;
    await expect(client.similar.objects({ maskId: drawn })).rejects.toThrow(code('WRONG_STATE'));
    // What is gone is not found, even before it is described again.
    const { found } = await client.similar.objects({ maskId: at(maskIds, 1) });
    expect(found.map((one) => one.id)).not.toContain(at(maskIds, 3));
    await describeAll(scene);
    expect((await client.similar.state({ id })).description).toMatchObject({ maskCount: 6, changedCount: 0 });
    expect((await client.similar.objects({ maskId: drawn })).found).toHaveLength(5);
  });

  test('leave out images that can no longer be read, and go with their segmentation', async () => {
    const scene = await opened();
    const { client, folder, segmentationId: id, maskIds } = scene;
    rmSync(join(folder, '2.png'));
    await describeAll(scene);
    expect((await client.similar.state({ id })).description).toMatchObject({
      imageCount: 5,
      skippedCount: 1,
    });
    const { found } = await client.similar.objects({ maskId: at(maskIds, 0) });
    expect(found.map(({ relPath }) => relPath)).not.toContain('2.png');
    await expect(client.similar.objects({ maskId: at(maskIds, 2) })).rejects.toThrow(code('WRONG_STATE'));
    const { vectors } = segmentationFiles(scene.service.layout, id);
    await client.segmentations.remove({ id });
    expect(() => rmSync(vectors)).toThrow('ENOENT');
  });

  test('are described again when their file is gone or damaged', async () => {
    const scene = await opened();
    const { client, segmentationId: id, maskIds } = scene;
    await describeAll(scene);
    writeFileSync(segmentationFiles(scene.service.layout, id).vectors, 'damaged');
    await expect(client.similar.objects({ maskId: at(maskIds, 0) })).rejects.toThrow(code('WRONG_STATE'));
    expect((await client.similar.state({ id })).description).toMatchObject({ changedCount: 1 });
    await describeAll(scene);
    expect((await client.similar.objects({ maskId: at(maskIds, 0) })).found).toHaveLength(5);
  });
});
