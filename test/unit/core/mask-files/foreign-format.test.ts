import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readMasks } from '../../../../src-main/core/mask-files/mask-folder.ts';
import type { MaskRecord } from '../../../../src-main/core/mask-files/mask-record.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const json = (value: unknown) => JSON.stringify(value);

/** Reads a folder with one file, as what is recognized. */
async function read(name: string, content: string, isFile = false): Promise<MaskRecord[]> {
  const path = join(tempFolder(), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  const records: MaskRecord[] = [];
  const gridOf = () => ({ widthPx: 160, heightPx: 120 });
  for await (const { file: _, ...record } of readMasks(isFile ? path : dirname(path), { format: 'auto', gridOf }))
    records.push(record);
  return records;
} // prettier-ignore

const via = { filename: 'a.jpg', size: 5, regions: [], file_attributes: {} };
const polygon = [[20, 30], [60, 30], [60, 70]]; // prettier-ignore

describe('what is not read names the tool and the way out', () => {
  test.each([
    ['via_region_data.json', json({ 'a.jpg5': via }), 'VGG Image Annotator (VIA)'],
    ['via_project.json', json({ _via_settings: {}, _via_img_metadata: { 'a.jpg5': via } }), 'VGG Image Annotator (VIA)'],
    ['samples.json', json({ samples: [{ filepath: 'data/a.jpg', ground_truth: null }] }), 'FiftyOne'],
    ['ds0/ann/a.jpg.json', json({ description: '', tags: [], size: { height: 120, width: 160 }, objects: [] }), 'Supervisely'],
    ['a.json', json({ info: { description: 'ISAT', name: 'a.jpg' }, objects: [{ category: 'cat', segmentation: polygon }] }), 'ISAT'],
    ['slide.geojson', json({ type: 'FeatureCollection', features: [] }), 'QuPath (GeoJSON)'],
    ['cell.roi', 'Iout', 'ImageJ'],
  ])('%s', async (name, content, tool) => {
    const refusal = { code: 'BAD_INPUT', text: { key: 'mask-format-foreign', values: { tool } } };
    await expect(read(name, content)).rejects.toMatchObject(refusal);
    await expect(read(name, content, true)).rejects.toMatchObject(refusal);
  }); // prettier-ignore

  test.skipIf(process.platform === 'win32')('a named pipe is no file, and nobody waits for it', async () => {
    const folder = tempFolder();
    expect(spawnSync('mkfifo', [join(folder, 'masks.json')]).status).toBe(0);
    for (const path of [folder, join(folder, 'masks.json')]) {
      const reading = readMasks(path, { format: 'auto', gridOf: () => 'unknown' }).next();
      await expect(reading, path).rejects.toMatchObject({ code: 'BAD_INPUT' });
    }
  });

  test.each(['RoiSet.zip', 'task_1_annotations.zip', 'labels.tar.gz'])('%s is to be unpacked', async (name) => {
    const refusal = { text: { key: 'mask-archive', values: { path: expect.stringContaining(name) as string } } };
    await expect(read(name, 'PK', true)).rejects.toMatchObject(refusal);
    await expect(read(name, 'PK')).rejects.toMatchObject(refusal);
  }); // prettier-ignore

  test.each([
    [
      'Annotations/a.xml',
      '<annotation><object><name>cat</name><bndbox><xmin>1</xmin></bndbox></object></annotation>',
    ],
    ['_annotations.csv', 'filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,160,120,cat,1,1,5,5\n'],
  ])('%s has boxes', async (name, content) => {
    await expect(read(name, content)).rejects.toMatchObject({ text: { key: 'mask-boxes-only' } });
  });

  test.each([
    ['a.json', ''],
    ['a.json', '{}'],
    ['a.json', '[]'],
    ['a.json', '{"samples": []}'],
    ['a.csv', 'name,count\na.jpg,1\n'],
    ['a.xml', '<html/>'],
    ['a.txt.bak', 'x'],
  ])('%s with %j is not recognized', async (name, content) => {
    await expect(read(name, content)).rejects.toMatchObject({ text: { key: 'mask-format-unknown' } });
  });
});

describe('a COCO file of another kind', () => {
  const coco = (image: object, annotation: object) =>
    json({
      images: [{ id: 1, width: 160, height: 120, ...image }],
      annotations: [{ id: 1, image_id: 1, ...annotation }],
      categories: [],
    });

  test('as LVIS has it names its images by their address', async () => {
    const image = { coco_url: 'http://images.cocodataset.org/val2017/000000397133.jpg' };
    const records = await read('lvis.json', coco(image, { segmentation: [polygon.flat()] }));
    expect(records).toMatchObject([{ kind: 'masks', imageName: '000000397133.jpg', masks: [{}] }]);
  });

  test('that is panoptic is named as that', async () => {
    const annotation = { id: undefined, file_name: 'a.png', segments_info: [{ id: 7, category_id: 1 }] };
    const [problem] = await read('panoptic.json', coco({ file_name: 'a.jpg' }, annotation));
    expect(problem).toMatchObject({ kind: 'problem', detail: expect.stringContaining('panoptic') as string });
  });
});
