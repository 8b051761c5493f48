import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Bitmap } from '../../../src-main/core/mask/rle.ts';
import { drawnImage, exportDrawn } from '../../support/drawn-images.ts';
import { bitmapOf, iouOf, ring } from '../../support/masks.ts';
import { hasPython, pythonReason, readPython } from '../../support/python.ts';
import { orientedJpeg, quadrants } from '../../support/test-images.ts';

const mask = bitmapOf('####....', '####....', '........', '........', '........', '........');
const cat = (bitmap: Bitmap = mask) => [{ bitmap, className: 'cat' }];

/** The red quarter of `quadrants`, at the upper left of the upright picture. */
function redQuarter(widthPx: number, heightPx: number): Bitmap {
  const data = Uint8Array.from({ length: widthPx * heightPx }, (_, at) =>
    Number(at % widthPx < widthPx / 2 && Math.floor(at / widthPx) < heightPx / 2),
  );
  return { data, widthPx, heightPx };
}

/** Two discs, of which one has a hole. */
function discs(): Bitmap {
  const data = Uint8Array.from({ length: 120 * 80 }, (_, at) => {
    const [x, y] = [at % 120, Math.floor(at / 120)];
    const away = Math.hypot(x - 40, y - 40);
    return Number((away < 30 && away > 9) || Math.hypot(x - 95, y - 30) < 14);
  });
  return { data, widthPx: 120, heightPx: 80 };
}

/** What the COCO API makes of an export, checking as it reads what its users stumble over. */
const READ_COCO = `
import sys, json
from pycocotools.coco import COCO
sys.stdout, real = sys.stderr, sys.stdout
coco = COCO(sys.argv[1])
out = {}
for image in coco.loadImgs(coco.getImgIds()):
    assert '\\\\' not in image['file_name'] and not image['file_name'].startswith('/')
    masks = []
    for ann in coco.loadAnns(coco.getAnnIds(image['id'])):
        mask = coco.annToMask(ann)
        assert mask.shape == (image['height'], image['width'])
        assert ann['id'] > 0 and ann['iscrowd'] == 0 and ann['area'] > 0
        masks.append([coco.loadCats(ann['category_id'])[0]['name'], mask.ravel().tolist(), ann['area'], ann['bbox']])
    out[image['file_name']] = masks
assert min(coco.getCatIds()) == 1 and coco.dataset['info'] and coco.dataset['licenses']
json.dump(out, real)`;

describe.skipIf(!hasPython('pycocotools'))(
  `the COCO API itself${pythonReason('pycocotools')}`,
  { tags: ['tools'] },
  () => {
    const read = (folder: string) =>
      readPython(READ_COCO, join(folder, 'annotations/instances_train.json')) as Record<
        string,
        [string, number[], number, number[]][]
      >;

    test.each(['coco', 'coco-polygon'] as const)('finds every mask of %s to the pixel', async (format) => {
      const shapes = [ring, mask, discs()];
      const drawn = await Promise.all(shapes.map((bitmap, at) => drawnImage(`ü/${at}.png`, cat(bitmap))));
      const { folder } = await exportDrawn(drawn, { format });
      const found = read(folder);
      shapes.forEach((bitmap, at) => {
        const [[name, pixels, area] = ['', [], 0]] = found[`ü__${at}.png`] ?? [];
        expect([name, pixels, area]).toEqual([
          'cat',
          [...bitmap.data],
          bitmap.data.reduce((a, b) => a + b, 0),
        ]);
      });
      expect(found['ü__1.png']?.[0]?.[3]).toEqual([0, 0, 4, 2]);
    });

    test('finds masks in simplified polygons that are as good as the same', async () => {
      const { folder } = await exportDrawn([await drawnImage('a.png', cat(discs()))], {
        format: 'coco-polygon',
        polygons: 'simplified',
      });
      const [[, pixels] = ['', []]] = read(folder)['a.png'] ?? [];
      expect(iouOf({ ...discs(), data: Uint8Array.from(pixels) }, discs())).toBeGreaterThanOrEqual(0.98);
    });

    test.skipIf(!hasPython('torchvision'))(
      `feeds torchvision with the copies beside it${pythonReason('torchvision')}`,
      async () => {
        const drawn = [await drawnImage('a.png', cat(ring)), await drawnImage('b.png', [])];
        const { folder } = await exportDrawn(drawn, { format: 'coco' });
        const sizes = readPython(
          `import sys, json
sys.stdout, real = sys.stderr, sys.stdout
from torchvision.datasets import CocoDetection
data = CocoDetection(sys.argv[1] + '/images/train', sys.argv[1] + '/annotations/instances_train.json')
json.dump([[image.size, len(target)] for image, target in data], real)`,
          folder,
        );
        expect(sizes).toEqual([[[8, 6], 1], [[8, 6], 0]]); // prettier-ignore
      },
      60_000,
    );
  },
);

describe('LabelMe itself', () => {
  test.skipIf(!hasPython('labelme')).each(['polygon'] as const)(
    `opens what is exported as %s${pythonReason('labelme')}`,
    { tags: ['tools'] },
    async (labelmeShapes) => {
      const photo = await orientedJpeg(quadrants(64, 48), 6);
      const turned = {
        relPath: 'turned.jpg',
        bytes: photo,
        orientation: 6,
        widthPx: 64,
        heightPx: 48,
        masks: cat(redQuarter(64, 48)),
      };
      const drawn = [await drawnImage('ü.png', cat(ring)), turned];
      for (const images of ['copy', 'reference'] as const) {
        const { folder } = await exportDrawn(drawn, { format: 'labelme', images, labelmeShapes });
        const read = readPython(
          `import sys, json, glob, io
import PIL.Image
from labelme.label_file import LabelFile
from labelme import utils
out = {}
for name in sorted(glob.glob(sys.argv[1] + '/train/*.json')):
    f = LabelFile(name)
    image = PIL.Image.open(io.BytesIO(f.imageData))
    data = json.load(open(name))
    assert [image.height, image.width] == [data['imageHeight'], data['imageWidth']], (image.size, name)
    names = {'_background_': 0, 'cat': 1}
    cls, ins = utils.shapes_to_label((image.height, image.width), f.shapes, names)
    out[name.split('/')[-1]] = [cls.ravel().tolist(), int(ins.max())]
print(json.dumps(out))`,
          folder,
        );
        expect(read).toEqual({
          'ü.json': [[...ring.data], 1],
          'turned.json': [[...redQuarter(64, 48).data], 1],
        });
      }
    },
  );
});

test.skipIf(!hasPython('PIL'))(
  `PIL reads the palettes of voc${pythonReason('PIL')}`,
  { tags: ['tools'] },
  async () => {
    const { folder } = await exportDrawn([await drawnImage('a.png', cat())], { format: 'voc' });
    const read = readPython(
      `import sys, json, PIL.Image as I
image = I.open(sys.argv[1])
print(json.dumps([image.mode, list(image.getdata()), image.getpalette()[:6], image.getpalette()[765:]]))`,
      join(folder, 'SegmentationClass/a.png'),
    );
    expect(read).toEqual(['P', [...mask.data], [0, 0, 0, 128, 0, 0], [224, 224, 192]]);
  },
);

describe.skipIf(!hasPython('cv2'))(
  `OpenCV, as Ultralytics uses it${pythonReason('cv2')}`,
  { tags: ['tools'] },
  () => {
    const shapes: Bitmap[] = [
      ring,
      bitmapOf('#.......', '.#......', '..#.....', '...#....', '........', '########'),
      redQuarter(64, 48),
      discs(),
    ];

    async function fill(polygons: 'exact' | 'simplified'): Promise<number[][]> {
      const drawn = await Promise.all(shapes.map((bitmap, index) => drawnImage(`${index}.png`, cat(bitmap))));
      const { folder } = await exportDrawn(drawn, { format: 'yolo', polygons });
      const sizes = JSON.stringify(shapes.map(({ widthPx, heightPx }) => [widthPx, heightPx]));
      return readPython(
        `import sys, json, cv2, numpy as np
out = []
for i, (w, h) in enumerate(json.loads(sys.argv[2])):
    mask = np.zeros((h, w), dtype=np.uint8)
    for line in open(f'{sys.argv[1]}/labels/train/{i}.txt'):
        # ultralytics.data.utils: labels are float32, polygon2mask casts to int32 and calls fillPoly.
        points = np.array(line.split()[1:], dtype=np.float32).reshape(-1, 2)
        cv2.fillPoly(mask, [(points * np.array([w, h], dtype=np.float32)).astype(np.int32)], color=1)
    out.append(mask.ravel().tolist())
print(json.dumps(out))`,
        folder,
        sizes,
      ) as number[][];
    }

    // One row is one object: parts and holes hang on lines, as Ultralytics joins them, which fillPoly draws too.
    const lineShare = [1 / 48, 2 / 48, 0, 12 / 9_600];

    test('fills the polygons of yolo to the mask, and the lines between its parts', async () => {
      const filled = await fill('exact');
      shapes.forEach(({ data }, at) => {
        const differing = (isInside: number) =>
          data.filter((inside, pixel) => inside === isInside && filled[at]?.[pixel] !== inside).length;
        expect(differing(1)).toBe(0);
        expect(differing(0) / data.length).toBeLessThanOrEqual(lineShare[at] ?? 0);
      });
    });

    test('fills simplified ones to as good as the same', async () => {
      const filled = await fill('simplified');
      shapes.forEach((bitmap, at) => {
        const data = Uint8Array.from(filled[at] ?? []);
        expect(iouOf({ ...bitmap, data }, bitmap)).toBeGreaterThanOrEqual(at < 2 ? 0.85 : 0.98);
      });
    });
  },
);
