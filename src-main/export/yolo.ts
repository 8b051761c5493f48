import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Split } from '../contract/dataset.ts';
import type { ExportOptions } from '../contract/export.ts';
import type { ExportedImage, ExportFormatDefinition } from './format.ts';
import { exportedRow, POLYGON_HELP } from './polygons.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** Ultralytics needs three points a row. */
const MIN_POINTS = 3;
/**
 * Points are this much less than the middle of their pixel: Ultralytics drops what is behind the decimal point, and
 * supervision rounds. Both find the pixel then.
 */
const BELOW_MIDDLE = 0.25;

/**
 * YOLO segmentation as Ultralytics reads it: one closed polygon a row in shares of the image's size, classes from 0.
 * The line runs through the border pixels, because Ultralytics fills with OpenCV, which colours the pixels under the line
 * too. The parts of a mask are joined in one row, as Ultralytics does: the pixels under the seams between them are coloured.
 * Holes are cut in by seams inside the mask.
 */
export const yolo: ExportFormatDefinition = {
  target: 'folder',
  imagesReason: 'yolo-next-to',
  imageFolder: (split) => `images/${split}`,
  help: ({ options }) => [
    'Train with: yolo segment train data=data.yaml model=yolo11n-seg.pt',
    'Each row is one object. If it has several parts, thin lines between them are part of its mask, as in what Ultralytics writes.',
    'The format has no holes: they are cut in by seams, which the readers of Ultralytics and OpenCV leave out again.',
    POLYGON_HELP[options.polygons],
  ],
  open: ({ path, plan, note }) => {
    if (plan.counts.splits.val.images === 0) {
      note('There is no val split, which Ultralytics requires: data.yaml names train instead.');
    }
    const splits = new Set<Split>();
    return Promise.resolve({
      add: async (image) => {
        const folder = join(path, 'labels', image.split);
        if (!splits.has(image.split)) await makeFolder(folder);
        splits.add(image.split);
        await writeFile(join(folder, `${image.name}.txt`), rowsOf(image, plan.options));
      },
      finish: () => writeFile(join(path, 'data.yaml'), dataYaml(plan.classes, splits)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
};

function rowsOf({ masks, widthPx, heightPx }: ExportedImage, options: ExportOptions): string {
  return masks
    .map((mask) => {
      const points = exportedRow(mask, options).map((value, at) =>
        ((value - BELOW_MIDDLE) / (at % 2 === 0 ? widthPx : heightPx)).toFixed(6),
      );
      const [x = '', y = ''] = points;
      while (points.length < 2 * MIN_POINTS) points.push(x, y);
      return `${mask.classNumber - 1} ${points.join(' ')}\n`;
    })
    .join('');
}

/** Without `path`, Ultralytics takes the folder of the file; it insists on train and val. */
function dataYaml(classes: readonly { name: string }[], splits: ReadonlySet<Split>): string {
  const train = splits.has('train') ? 'train' : ([...splits][0] ?? 'train');
  const val = splits.has('val') ? 'val' : train;
  return [
    `train: images/${train}`,
    `val: images/${val}`,
    ...(splits.has('test') ? ['test: images/test'] : []),
    'names:',
    // A JSON string is a string of YAML too.
    ...classes.map(({ name }, index) => `  ${index}: ${JSON.stringify(name)}`),
    '',
  ].join('\n');
}
