import { phrase } from '../contract/error-texts/error-text.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Split } from '../contract/dataset.ts';
import { freeName } from '../contract/free-name.ts';
import type { ExportPlan } from '../domain/export-plan.ts';
import { paintMask } from '../core/mask/crop.ts';
import { encodePng } from '../core/mask/png.ts';
import {
  BACKGROUND,
  classesBesideBackground,
  paintOrder,
  type ExportContext,
  type ExportedImage,
  type ExportFormatDefinition,
} from './format.ts';
import { labelMapName } from './label-map-name.ts';
import { channelsOf, vocPalette } from './palette.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** 0 is background and 255 void, so 8 bits number this many classes, or objects of an image. */
const MAX_NUMBER = 254;
const PALETTE = vocPalette();

/** Pascal VOC segmentation: palette PNGs of classes and of objects, and lists of the splits. */
export const voc: ExportFormatDefinition = {
  target: 'folder',
  imagesReason: 'voc-images',
  imageFolder: () => 'JPEGImages',
  needsJpeg: true,
  refusal: ({ classes }) =>
    classes.length > MAX_NUMBER
      ? phrase('classes-8-bits', { classes: classes.length, most: MAX_NUMBER })
      : undefined,
  help: () => [
    'SegmentationClass contains classes and SegmentationObject contains objects; 0 is background, 255 is void (not used here).',
    'labelmap.txt names the classes, as CVAT reads it. Where masks overlap, the one in front in the app is in front here, too.',
  ],
  open: async ({ path, plan, remark, note }) => {
    const classNames = labelMapNames(classesBesideBackground(plan, note), note);
    const names: Record<Split, string[]> = { train: [], val: [], test: [] };
    const folders = ['SegmentationClass', 'SegmentationObject', 'ImageSets/Segmentation', 'JPEGImages'];
    for (const folder of folders) await makeFolder(join(path, folder));
    return {
      add: async (image) => {
        const { classes, objects, isTruncated } = paint(image);
        if (isTruncated)
          remark(image, `It has more than ${MAX_NUMBER} objects; the others are only in SegmentationClass.`);
        names[image.split].push(image.name);
        const size = { widthPx: image.widthPx, heightPx: image.heightPx };
        const write = async (folder: string, data: Uint8Array) =>
          writeFile(
            join(path, folder, `${image.name}.png`),
            await encodePng({ data, ...size }, { palette: PALETTE }),
          );
        await write('SegmentationClass', classes);
        await write('SegmentationObject', objects);
      },
      finish: async () => {
        const lists = { ...names, trainval: [...names.train, ...names.val] };
        for (const [list, some] of Object.entries(lists)) {
          const text = some.map((name) => `${name}\n`).join('');
          await writeFile(join(path, 'ImageSets/Segmentation', `${list}.txt`), text);
        }
        await writeFile(join(path, 'labelmap.txt'), labelMapText(classNames));
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};

function paint({ masks, widthPx, heightPx }: ExportedImage) {
  const classes = new Uint8Array(widthPx * heightPx);
  const objects = new Uint8Array(widthPx * heightPx);
  for (const mask of paintOrder(masks)) {
    paintMask(classes, mask.shape, mask.classNumber);
    const number = masks.indexOf(mask) + 1;
    paintMask(objects, mask.shape, number <= MAX_NUMBER ? number : 0);
  }
  return { classes, objects, isTruncated: masks.length > MAX_NUMBER };
}

type Class = ExportPlan['classes'][number];

/** The names of classes in labelmap.txt; those that it cannot hold are changed, which is reported. */
function labelMapNames(classes: readonly Class[], note: ExportContext['note']): Map<Class, string> {
  const names = new Map(classes.map((one) => [one, one.name]));
  for (const one of classes) {
    const wanted = labelMapName(one.name);
    if (wanted === one.name) continue;
    const name = freeName(
      wanted,
      [...names.values()].map((other) => ({ name: other })),
    );
    names.set(one, name);
    note(`The class "${one.name}" is called "${name}" here: labelmap.txt divides its lines at colons.`);
  }
  return names;
}

/** An import reads the true name of a class from the comment before its line. */
function labelMapText(names: ReadonlyMap<Class, string>): string {
  const lines = [...names].map(([one, name]) => {
    const colour = channelsOf(PALETTE[one.number] ?? '#000000').join(',');
    const comment =
      name === one.name ? '' : `# ${JSON.stringify(name)} stands for ${JSON.stringify(one.name)}\n`;
    return `${comment}${name}:${colour}::\n`;
  });
  return `# label:color_rgb:parts:actions\n${BACKGROUND}:0,0,0::\n${lines.join('')}`;
}
