import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { drawnImage, exportDrawn, type DrawnImage } from '../../support/drawn-images.ts';
import { bitmapOf, ring } from '../../support/masks.ts';
import { hasPython, pythonReason, readPython } from '../../support/python.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const bar = bitmapOf('####....', '........', '........', '........', '........', '........');

const pets = async (): Promise<DrawnImage[]> => [
  await drawnImage('cats/a b.png', [
    { bitmap: ring, className: 'cat', score: 0.75 },
    { bitmap: bar, className: 'dog', score: 0.5 },
  ]),
  await drawnImage('dogs/empty.png', []),
  await drawnImage('dogs/ü.png', [{ bitmap: bar, className: 'dog' }], 'val'),
];
/** Class numbers of the first image: the cat is 1, the dog 2. */
const classes = ring.data.map((value, at) => (bar.data[at] === 1 ? 2 : value));

/** What the library makes of a folder: rows by split, with the values of its masks. */
const LOAD = `
import sys, os, json
os.environ.update(HF_HUB_OFFLINE='1', HF_DATASETS_CACHE=sys.argv[2], HF_HOME=sys.argv[2])
sys.stdout, real = sys.stderr, sys.stdout
import datasets, numpy
kind = ['imagefolder'] if sys.argv[3] == 'imagefolder' else []
loaded = datasets.load_dataset(*kind, **{'data_dir' if kind else 'path': sys.argv[1]})
def row(r):
    mask = numpy.array(r['mask'])
    assert numpy.array(r['image']).shape[:2] == mask.shape == (r['height'], r['width'])
    return [mask.ravel().tolist(), r['objects']]
category = next(iter(loaded.values())).features['objects']
category = getattr(category, 'feature', category)['category'].feature
rows = {split: [row(r) for r in rows] for split, rows in loaded.items()}
json.dump({'rows': rows, 'names': getattr(category, 'names', None)}, real)`;

describe.skipIf(!hasPython('datasets'))(
  `Hugging Face's library${pythonReason('datasets')}`,
  { tags: ['tools'] },
  () => {
    test.each([
      ['huggingface', 'imagefolder'],
      ['huggingface', 'path'],
      ['huggingface-parquet', 'path'],
    ] as const)(
      'loads %s by its %s, images and masks as pictures',
      async (format, kind) => {
        const { folder } = await exportDrawn(await pets(), { format });
        type Rows = [number[], { category: number[]; category_name: string[]; bbox: number[][] }][];
        const { rows: splits, names } = readPython(LOAD, folder, tempFolder(), kind) as {
          rows: Record<string, Rows>;
          names: string[] | null;
        };
        // A folder of pictures cannot say that a number is a class.
        expect(names).toEqual(format === 'huggingface' ? null : ['background', 'cat', 'dog']);
        expect(Object.keys(splits)).toEqual(['train', 'validation']);
        const [[mask, objects] = []] = splits.train ?? [];
        expect(mask).toEqual([...classes]);
        expect(objects).toMatchObject({ category: [1, 2], category_name: ['cat', 'dog'], area: [15, 4] });
        expect(objects?.bbox).toEqual([[1, 1, 7, 5], [0, 0, 4, 1]]); // prettier-ignore
        expect(splits.train?.[1]?.[1]).toMatchObject({ category: [], bbox: [] });
        expect(splits.validation).toHaveLength(1);
      },
      120_000,
    );
  },
);

test.skipIf(!hasPython('torchvision'))(
  `torchvision loads voc by its lists, each image with its mask${pythonReason('torchvision')}`,
  { tags: ['tools'], timeout: 60_000 },
  async () => {
    const { folder } = await exportDrawn(await pets(), { format: 'voc' });
    const kit = join(tempFolder(), 'VOCdevkit');
    mkdirSync(kit);
    symlinkSync(folder, join(kit, 'VOC2012'));
    const read = readPython(
      `import sys, json, numpy
from torchvision.datasets import VOCSegmentation
sets = {s: VOCSegmentation(sys.argv[1], year='2012', image_set=s) for s in ('train', 'val', 'trainval')}
print(json.dumps({s: [[image.size, numpy.array(mask).ravel().tolist()] for image, mask in d] for s, d in sets.items()}))`,
      join(kit, '..'),
    ) as Record<string, [number[], number[]][]>;
    expect(read.train).toEqual([
      [[8, 6], [...classes]],
      [[8, 6], [...classes].map(() => 0)],
    ]);
    expect(read.val?.map(([size]) => size)).toEqual([[8, 6]]);
    expect(read.trainval).toHaveLength(3);
  },
);
