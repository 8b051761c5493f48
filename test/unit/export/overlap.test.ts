import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { drawnImage, exportDrawn } from '../../support/drawn-images.ts';
import { json, numbers, text } from '../../support/exported-files.ts';
import { bitmapOf } from '../../support/masks.ts';

describe('where masks overlap', () => {
  const large = bitmapOf('####', '####', '####');
  const small = bitmapOf('....', '.##.', '....');
  const overlapping = async () => [
    await drawnImage('a.png', [
      { bitmap: small, className: 'cat', score: 0.1 },
      { bitmap: large, className: 'dog', score: 0.9 },
      { bitmap: small, className: 'dog', score: 0.2 },
    ]),
  ];
  test('the smaller one is in front in index-png and voc', async () => {
    const index = await exportDrawn(await overlapping(), { format: 'index-png' });
    expect(numbers(index.folder, 'labels/train/a.png')).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    expect(numbers(index.folder, 'instances/train/a.png')).toEqual([2000, 2000, 2000, 2000, 2000, 2001, 2001, 2000, 2000, 2000, 2000, 2000]); // prettier-ignore
    const { folder } = await exportDrawn(await overlapping(), { format: 'voc' });
    expect(numbers(folder, 'SegmentationObject/a.png')).toEqual([2, 2, 2, 2, 2, 3, 3, 2, 2, 2, 2, 2]);
    expect(numbers(folder, 'SegmentationClass/a.png')).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    expect(text(folder, 'ImageSets/Segmentation/train.txt')).toBe('a\n');
    expect(text(folder, 'labelmap.txt')).toContain('cat:128,0,0::\ndog:0,128,0::\n');
    expect(readdirSync(join(folder, 'JPEGImages'))).toEqual(['a.jpg']);
  });

  test('the one that people have put there is in front in every format that paints', async () => {
    const images = async () => [
      await drawnImage('a.png', [
        { bitmap: small, className: 'cat', score: 0.1 },
        { bitmap: large, className: 'dog', score: 0.9, stackOrder: 1 },
      ]),
    ];
    const exported = async (
      format: 'index-png' | 'voc' | 'cvat' | 'datumaro' | 'labelme' | 'coco-panoptic',
    ) => (await exportDrawn(await images(), { format })).folder;
    expect(numbers(await exported('index-png'), 'labels/train/a.png')).toEqual(Array(12).fill(2));
    expect(numbers(await exported('voc'), 'SegmentationObject/a.png')).toEqual(Array(12).fill(2));
    expect(json(await exported('coco-panoptic'), 'annotations/panoptic_train.json')).toMatchObject({
      annotations: [{ segments_info: [{ id: 2, area: 12 }] }],
    });
    expect(text(await exported('cvat'), 'annotations.xml')).toMatch(/label="cat" [^>]*z_order="0"[^]*label="dog" [^>]*z_order="1"/); // prettier-ignore
    expect(json(await exported('datumaro'), 'annotations/train.json')).toMatchObject({
      items: [{ annotations: [{ label_id: 0 }, { label_id: 1 }] }],
    });
    expect(json(await exported('labelme'), 'train/a.json')).toMatchObject({
      shapes: [{ label: 'cat' }, { label: 'dog' }],
    });
  });

  test('coco-panoptic has segments that do not, and reports masks that vanish', async () => {
    const { folder, result } = await exportDrawn(await overlapping(), { format: 'coco-panoptic' });
    expect(json(folder, 'annotations/panoptic_train.json')).toMatchObject({
      annotations: [
        {
          image_id: 1,
          file_name: 'a.png',
          segments_info: [
            { id: 2, category_id: 2, area: 10, bbox: [0, 0, 4, 3], iscrowd: 0 },
            { id: 3, category_id: 2, area: 2, bbox: [1, 1, 2, 1], iscrowd: 0 },
          ],
        },
      ],
    });
    expect(result.problems).toEqual([{ relPath: 'a.png', detail: '1 masks are completely covered by others and are left out.' }]); // prettier-ignore
  });

  test('the later one that is painted is higher in the stack of cvat and datumaro', async () => {
    const { folder } = await exportDrawn(await overlapping(), { format: 'cvat' });
    const elements = [
      ...text(folder, 'annotations.xml').matchAll(/<mask label="(\w+)" .* z_order="(\d+)">/g),
    ];
    expect(elements.map(([, label, order]) => [label, order])).toEqual([
      ['dog', '0'],
      ['cat', '1'],
      ['dog', '2'],
    ]);
    const { folder: other } = await exportDrawn(await overlapping(), { format: 'datumaro' });
    expect(json(other, 'annotations/train.json')).toMatchObject({
      items: [
        {
          annotations: [
            { id: 2, label_id: 1, z_order: 0 },
            { id: 1, label_id: 0, z_order: 1 },
            { id: 3, label_id: 1, z_order: 2 },
          ],
        },
      ],
    });
  });
});
