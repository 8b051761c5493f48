import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DatasetRecipe } from '../../../src-main/contract/dataset.ts';
import { ExportOptions } from '../../../src-main/contract/export.ts';
import type { MaskFileFormat } from '../../../src-main/contract/mask-import.ts';
import type { Evaluation } from '../../../src-main/contract/segmentation.ts';
import { encodePng } from '../../../src-main/core/mask/png.ts';
import { drawnImage, type DrawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { waitForState } from '../../support/running-service.ts';
import { startSegmented, type SegmentedService } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const left = bitmapOf('####....', '####....', '####....', '........', '........', '........');
const inLeft = bitmapOf('........', '.##.....', '........', '........', '........', '........');
const corner = bitmapOf('........', '........', '........', '........', '......##', '......##');

/** The second object of the first image lies on the first one; the last image has none. */
const pets = async (): Promise<DrawnImage[]> => [
  await drawnImage('cats/a b.png', [
    { bitmap: left, className: 'cat', score: 0.9 },
    { bitmap: inLeft, className: 'dog', score: 0.8 },
  ]),
  await drawnImage('dogs/c.png', [{ bitmap: corner, className: 'dog' }]),
];

/** The masks of a segmentation, written for another tool. */
async function written(running: SegmentedService, options: object): Promise<string> {
  const recipe = DatasetRecipe.parse({ segmentationIds: [running.segmentationId] });
  const { id: versionId } = await running.client.datasets.create({ name: 'truth', recipe });
  const outPath = join(tempFolder(), 'out');
  const { job } = await running.client.exports.start({
    versionId,
    options: ExportOptions.parse({ ...options, outPath }),
  });
  await waitForState(running.client, job.id, 'done');
  return outPath;
}

const compare = (
  { client, segmentationId: id }: SegmentedService,
  truth: string,
  format: MaskFileFormat | null = null,
): Promise<Evaluation> => client.segmentations.evaluate({ id, truth, format });

const cocoOf = (images: object[], annotations: object[]) =>
  JSON.stringify({ images, annotations, categories: [{ id: 1, name: 'cat' }] });
const box = (x: number, y: number, width: number, height: number) => [
  [x, y, x + width, y, x + width, y + height, x, y + height],
];

describe('files of labeling tools as ground truth', () => {
  test.each([
    [{ format: 'coco' }, 'coco', 'annotations'],
    [{ format: 'coco-polygon' }, 'coco', 'annotations'],
    [{ format: 'labelme' }, 'labelme', ''],
    [{ format: 'labelme', labelmeShapes: 'polygon' }, 'labelme', ''],
    [{ format: 'binary-png' }, 'binary-png', 'masks'],
    // Neither says how large an image is.
    [{ format: 'yolo' }, 'yolo', ''],
    [{ format: 'cvat' }, 'cvat', ''],
    [{ format: 'label-studio' }, 'auto', ''],
    [{ format: 'datumaro' }, 'auto', ''],
  ] as const)(
    '%j: masks that are the truth fit it wholly, overlapping ones too',
    async (options, format, below) => {
      const running = startSegmented(await pets());
      const result = await compare(running, join(await written(running, options), below), format);
      expect(result.totals).toMatchObject({ imageCount: 2, iou: 1, meanIou: 1, boundaryF: 1 });
      // Of the larger cat, what the dog in front of it leaves: (12 - 2) of 12 pixels.
      expect(result.objects).toMatchObject({ truthCount: 3, predictionCount: 3, recall: 1, precision: 1 });
      expect(result).toMatchObject({ missingTruth: 0, missingImages: [], problems: [] });
    },
  );

  test('count what differs, leave crowds out, and name what has no partner', async () => {
    const running = startSegmented(await pets());
    const file = join(tempFolder(), 'truth.json');
    const image = { id: 1, file_name: 'a b.png', width: 8, height: 6 };
    const annotation = { image_id: 1, category_id: 1, iscrowd: 0 };
    writeFileSync(
      file,
      cocoOf(
        [image, { ...image, id: 2, file_name: 'unknown.png' }],
        [
          // Half of the cat is the object, and of a quarter nothing is known.
          { ...annotation, segmentation: box(0, 0, 2, 3) },
          { ...annotation, segmentation: box(2, 0, 1, 3), iscrowd: 1 },
          { ...annotation, segmentation: { size: [5, 5], counts: [25] } },
        ],
      ),
    );
    const result = await compare(running, file, 'coco');
    expect(result.totals).toMatchObject({ imageCount: 1, iou: 6 / 9 });
    expect(result.objects).toMatchObject({ truthCount: 1, predictionCount: 2, recall: 1 });
    expect(result).toMatchObject({ missingTruth: 1, missingImages: ['unknown.png'] });
    expect(result.problems).toEqual([
      {
        name: 'truth.json: annotations[2] of a b.png',
        detail: expect.stringContaining('5 x 5, but the image is 8 x 6') as string,
      },
    ]);
  });

  test('index-png numbers objects', async () => {
    const running = startSegmented(await pets());
    const folder = tempFolder();
    const png = await encodePng({ ...corner, data: corner.data.map((value) => value * 7) });
    writeFileSync(join(folder, 'c.png'), png);
    const result = await compare(running, folder, 'index-png');
    expect(result).toMatchObject({
      totals: { iou: 1 },
      objects: { truthCount: 1, recall: 1 },
      missingTruth: 1,
    });
  });

  test('that speak of an image twice are told, and the first counts', async () => {
    const running = startSegmented(await pets());
    const folder = tempFolder();
    const image = { id: 1, file_name: 'c.png', width: 8, height: 6 };
    for (const name of ['a.json', 'b.json']) writeFileSync(join(folder, name), cocoOf([image], []));
    const { problems } = await compare(running, folder, 'coco');
    expect(problems).toEqual([
      { name: 'c.png', detail: expect.stringContaining('more than once') as string },
    ]);
  });

  test('are about the images that an import would find: no other folder, no name of several', async () => {
    const running = startSegmented([
      ...(await pets()),
      await drawnImage('birds/c.png', [{ bitmap: left, className: 'dog' }]),
      await drawnImage('birds/cafe\u0301.png', [{ bitmap: left, className: 'dog' }]),
    ]);
    const folder = tempFolder();
    const names = ['dogs/c.png', 'c.png', 'fish/a b.png', 'birds/caf\u00e9.png', 'new.png'];
    const images = names.map((file_name, index) => ({ id: index + 1, file_name, width: 8, height: 6 }));
    const annotations = names.flatMap((_, index) => {
      const truth = { image_id: index + 1, category_id: 1, segmentation: box(6, 4, 2, 2) };
      return [
        { ...truth, id: 2 * index },
        { ...truth, id: 2 * index + 1 },
      ];
    });
    writeFileSync(join(folder, 'truth.json'), cocoOf(images, annotations));
    const result = await compare(running, folder, 'auto');
    expect(result.images.map(({ relPath, iou }) => [relPath.normalize(), iou])).toEqual([
      ['birds/caf\u00e9.png', 0],
      ['dogs/c.png', 1],
    ]);
    expect(result).toMatchObject({ missingTruth: 2, missingImages: ['c.png', 'fish/a b.png', 'new.png'] });
    // Each once, however many of its objects are in the file.
    expect(result.problems).toEqual([
      { name: 'c.png', detail: expect.stringContaining('Several images of the segmentation') as string },
      { name: 'fish/a b.png', detail: expect.stringContaining('in another folder') as string },
    ]);
  });

  test('that are missing, or of no image, are errors that say so; nothing is left behind or changed', async () => {
    const running = startSegmented(await pets());
    await expect(compare(running, '/no/such', 'coco')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(compare(running, '/no/such')).rejects.toMatchObject({ code: 'FOLDER_NOT_FOUND' });
    const folder = tempFolder();
    mkdirSync(join(folder, 'x'));
    await expect(compare(running, folder, 'labelme')).rejects.toThrow('There is no .json file');
    const file = join(folder, 'other.json');
    writeFileSync(file, '');
    await expect(compare(running, file)).rejects.toMatchObject({ code: 'NOT_A_FOLDER' });
    writeFileSync(file, cocoOf([{ id: 1, file_name: 'other.png', width: 8, height: 6 }], []));
    await expect(compare(running, file, 'coco')).rejects.toThrow('is named after a segmented image');
    expect(readFileSync(file, 'utf8')).toContain('other.png');
  });
});
