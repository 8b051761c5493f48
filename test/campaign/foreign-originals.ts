import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { MaskFileFormat } from '../../src-main/contract/mask-import.ts';
import { encodeLabelStudioRle } from '../../src-main/core/mask/label-studio-rle.ts';
import { encodePng } from '../../src-main/core/mask/png.ts';
import { graphBytes } from '../support/external-weights.ts';
import { pickleOf } from '../support/pickles.ts';
import { animation, heicFixture, photoLike, sharpOf, sixteenBitPng, tiffOf } from '../support/test-images.ts';
import { IMAGE_SIZE } from './image-size.ts';

/** A whole file of one kind, which a campaign damages. */
export type Original = {
  name: string;
  bytes: Uint8Array;
  extension: string;
  /** Of files with masks. */
  format?: MaskFileFormat;
};

export type Originals = Record<'image' | 'weights' | 'masks', Original[]>;

const FILES = join(import.meta.dirname, '../golden/fixtures/files');

/**
 * Files of every format that the app reads; the first image is a whole one that can be read.
 * @param marker would be written by the code in one of the weights files
 */
export async function foreignOriginals(marker: string): Promise<Originals> {
  return { image: await images(), weights: weights(marker), masks: await masks() };
}

async function images(): Promise<Original[]> {
  const photo = photoLike(96, 72);
  const image = () => sharpOf(photo);
  const exif = { exif: { IFD0: { Copyright: 'nobody' } } };
  const made: [extension: string, bytes: Promise<Uint8Array> | Uint8Array][] = [
    ['.jpg', image().withExif(exif.exif).jpeg().toBuffer()],
    ['.jpg', image().jpeg({ progressive: true }).toBuffer()],
    ['.jpg', image().toColourspace('cmyk').jpeg().toBuffer()],
    ['.png', image().png().toBuffer()],
    ['.png', image().png({ palette: true }).toBuffer()],
    ['.png', image().ensureAlpha(0.5).png({ progressive: true }).toBuffer()],
    ['.png', sixteenBitPng(photo)],
    ['.webp', image().webp().toBuffer()],
    ['.webp', animation('webp')],
    ['.gif', animation('gif')],
    ['.tif', image().tiff({ compression: 'lzw', tile: true, tileWidth: 32, tileHeight: 32 }).toBuffer()],
    ['.tif', image().tiff({ compression: 'jpeg' }).toBuffer()],
    ['.tif', tiffOf(photo, { sample: 'uint16', isBigEndian: true })],
    ['.avif', image().avif({ effort: 0 }).toBuffer()],
    ['.heic', heicFixture('quadrants')],
    ['.heic', heicFixture('quadrants-p3')],
    ['.bmp', bmpOf(24, 16)],
  ];
  return Promise.all(
    made.map(async ([extension, bytes], index) => ({
      name: `${index}${extension}`,
      bytes: await bytes,
      extension,
    })),
  );
}

/** A BMP of grey rows: 24 bits a pixel, no compression. */
function bmpOf(widthPx: number, heightPx: number): Buffer {
  const bytes = Buffer.alloc(54 + widthPx * heightPx * 3, 0x60);
  bytes.fill(0, 0, 54).write('BM', 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(widthPx, 18);
  bytes.writeInt32LE(heightPx, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  return bytes;
}

function weights(marker: string): Original[] {
  const golden = readdirSync(FILES)
    .filter((name) => !name.endsWith('.json'))
    .map((name) => ({ name, bytes: readFileSync(join(FILES, name)), extension: extname(name) }));
  const onnx = graphBytes('weights.bin');
  // What Python would execute on loading it: os.system('touch MARKER').
  const harmful = pickleOf('cposix\nsystem\n(V', `touch ${marker}\n`, 'tR.');
  return [
    ...golden,
    { name: 'theirs.onnx', bytes: onnx, extension: '.onnx' },
    { name: 'harmful.pkl', bytes: Buffer.concat([Buffer.of(0x80, 2), harmful]), extension: '.pkl' },
  ];
}

async function masks(): Promise<Original[]> {
  const { widthPx: width, heightPx: height } = IMAGE_SIZE;
  const square = [8, 8, 20, 8, 20, 20, 8, 20];
  const coco = {
    images: [{ id: 1, file_name: 'a.jpg', width, height }],
    annotations: [
      { id: 1, image_id: 1, category_id: 1, segmentation: [square], iscrowd: 0, bbox: [8, 8, 12, 12] },
      {
        id: 2,
        image_id: 1,
        category_id: 1,
        segmentation: { size: [height, width], counts: [100, 50, 2_922] },
      },
      { id: 3, image_id: 1, category_id: 1, segmentation: { size: [height, width], counts: 'T3b1jj2' } },
    ],
    categories: [{ id: 1, name: 'cat' }],
  };
  const points = [[8, 8], [20, 8], [20, 20], [8, 20]]; // prettier-ignore
  const grid = {
    data: Uint8Array.from({ length: width * height }, (_, at) => ((at >> 3) & 1) * 255),
    ...IMAGE_SIZE,
  };
  const labels = { ...grid, data: Uint8Array.from(grid.data, (_, at) => at % 5) };
  const binary = await encodePng(grid);
  const labelMe = {
    imagePath: 'a.jpg',
    imageWidth: width,
    imageHeight: height,
    shapes: [
      { label: 'cat', points, group_id: null, shape_type: 'polygon' },
      { label: 'dog', points: points.slice(0, 2), shape_type: 'circle' },
      { label: 'dog', points: [points[0], points[2]], shape_type: 'rectangle', group_id: 1 },
      { label: 'cow', points: [[0, 0], [63, 47]], shape_type: 'mask', mask: binary.toString('base64') }, // prettier-ignore
    ],
  };
  const bitmap = { data: Uint8Array.from(grid.data, (value) => Number(value > 0)), ...IMAGE_SIZE };
  const region = (value: object) => ({ id: 'r', original_width: width, original_height: height, image_rotation: 0, value }); // prettier-ignore
  const labelStudio = [
    {
      data: { image: '/data/local-files/?d=a.jpg' },
      annotations: [
        {
          result: [
            region({ rle: Array.from(encodeLabelStudioRle(bitmap)), brushlabels: ['cat'] }),
            region({ points: [[10, 10], [40, 10], [40, 60]], polygonlabels: ['cat'] }), // prettier-ignore
            region({ x: 10, y: 10, width: 20, height: 30, rotation: 15, rectanglelabels: ['dog'] }),
            region({ x: 50, y: 50, radiusX: 20, radiusY: 30, rotation: 15, ellipselabels: ['dog'] }),
          ],
        },
      ],
    },
  ];
  const datumaro = {
    categories: { label: { labels: [{ name: 'cat' }] } },
    items: [
      {
        id: 'a',
        image: { path: 'a.jpg', size: [height, width] },
        annotations: [
          { type: 'mask', label_id: 0, rle: { size: [height, width], counts: [100, 50, 2_922] } },
          { type: 'polygon', label_id: 0, points: square, group: 1 },
          { type: 'bbox', label_id: 0, bbox: [8, 8, 12, 12], group: 1 },
          { type: 'ellipse', label_id: 0, points: [8, 8, 20, 20] },
        ],
      },
    ],
  };
  const cvat = `<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><image id="0" name="a.jpg" width="${width}" height="${height}">
<mask label="cat" rle="0, 12, 24, 12" left="8" top="8" width="12" height="4" z_order="1"/>
<polygon label="cat" points="8.00,8.00;20.00,8.00;20.00,20.00" group_id="1"/>
<box label="dog" xtl="8.00" ytl="8.00" xbr="20.00" ybr="20.00" rotation="15.00"/>
<ellipse label="dog" cx="20.00" cy="20.00" rx="9.00" ry="5.00"/></image></annotations>`;
  const yolo = '0 0.125 0.125 0.5 0.125 0.5 0.5\n1 0.125 0.125 0.5 0.125 0.5 0.5 0.125 0.5 0.75\n';
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  return [
    { name: 'coco', bytes: json(coco), extension: '.json', format: 'coco' },
    { name: 'labelme', bytes: json(labelMe), extension: '.json', format: 'labelme' },
    { name: 'label-studio', bytes: json(labelStudio), extension: '.json', format: 'label-studio' },
    { name: 'datumaro', bytes: json(datumaro), extension: '.json', format: 'datumaro' },
    { name: 'cvat', bytes: Buffer.from(cvat), extension: '.xml', format: 'cvat' },
    { name: 'yolo', bytes: Buffer.from(yolo), extension: '.txt', format: 'yolo' },
    {
      name: 'data.yaml',
      bytes: Buffer.from('names:\n  0: cat\n  1: dog\n'),
      extension: '.yaml',
      format: 'yolo',
    },
    { name: 'binary-png', bytes: binary, extension: '.png', format: 'binary-png' },
    { name: 'index-png', bytes: await encodePng(labels), extension: '.png', format: 'index-png' },
    {
      name: 'palette',
      bytes: await encodePng(labels, { palette: ['#000000', '#ff0000', '#00ff00', '#0000ff', '#ffffff'] }),
      extension: '.png',
      format: 'index-png',
    },
  ];
}
