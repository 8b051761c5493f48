import { phrase } from '../contract/error-texts/error-text.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paintMask } from '../core/mask/crop.ts';
import { encodePng } from '../core/mask/png.ts';
import {
  BACKGROUND,
  classesBesideBackground,
  paintOrder,
  type ExportedImage,
  type ExportFormatDefinition,
} from './format.ts';
import { asciiJson } from './text-file.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** With 8 bits, 0 being background and 255 void. */
const MAX_NARROW_CLASS = 254;
const MAX_CLASS = 65_534;
/** Cityscapes numbers an object as 1000 times its class and its place in the class: 16 bits end there. */
const OBJECTS_A_CLASS = 1_000;
const MAX_CLASS_WITH_OBJECTS = 64;

/**
 * Label PNGs as Cityscapes has them: a pixel holds the number of its class, 8 bits wide or 16 where there are more
 * than 254 classes, and in a second picture `1000 * class + object`.
 * Source: cityscapesScripts, README, `labelIds` and `instanceIds`.
 */
export const indexPng: ExportFormatDefinition = {
  target: 'folder',
  imageFolder: (split) => `images/${split}`,
  refusal: ({ classes }) =>
    classes.length > MAX_CLASS
      ? phrase('classes-16-bits', { classes: classes.length, most: MAX_CLASS })
      : undefined,
  help: ({ classes }) => [
    'labels/SPLIT/NAME.png: the class of each pixel, numbered as in classes.json; 0 is background.',
    classes.length <= MAX_CLASS_WITH_OBJECTS
      ? 'instances/SPLIT/NAME.png: 1000 * class + object, 16 bits; 0 is background.'
      : `There are no instances: 16 bits can only hold them for up to ${MAX_CLASS_WITH_OBJECTS} classes.`,
    'Where masks overlap, the one in front in the app is in front here, too.',
  ],
  open: ({ path, plan, remark, note }) => {
    const classes = classesBesideBackground(plan, note);
    const isWide = plan.classes.length > MAX_NARROW_CLASS;
    const hasObjects = plan.classes.length <= MAX_CLASS_WITH_OBJECTS;
    if (!hasObjects) note(`Objects are not numbered: there are more than ${MAX_CLASS_WITH_OBJECTS} classes.`);
    const write = async (image: ExportedImage, kind: string, data: Uint8Array | Uint16Array) => {
      const folder = join(path, kind, image.split);
      await makeFolder(folder);
      const { widthPx, heightPx, name } = image;
      await writeFile(join(folder, `${name}.png`), await encodePng({ data, widthPx, heightPx }));
    };
    return Promise.resolve({
      add: async (image) => {
        const size = image.widthPx * image.heightPx;
        const labels = isWide ? new Uint16Array(size) : new Uint8Array(size);
        const masks = paintOrder(image.masks);
        for (const { shape, classNumber } of masks) paintMask(labels, shape, classNumber);
        await write(image, 'labels', labels);
        if (!hasObjects) return;
        const numbers = objectNumbers(image);
        const left = [...numbers.values()].filter((number) => number === undefined).length;
        if (left > 0)
          remark(image, `${left} objects exceed ${OBJECTS_A_CLASS} per class and have no number.`);
        const objects = new Uint16Array(size);
        for (const mask of masks) paintMask(objects, mask.shape, numbers.get(mask) ?? mask.classNumber);
        await write(image, 'instances', objects);
      },
      finish: () =>
        writeFile(
          join(path, 'classes.json'),
          `${asciiJson([{ id: 0, name: BACKGROUND, color: '#000000' }, ...classes.map(({ number, name, colour }) => ({ id: number, name, color: colour }))], 2)}\n`,
        ),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
};

/** The best of a class is its object 0. */
function objectNumbers({ masks }: ExportedImage): Map<ExportedImage['masks'][number], number | undefined> {
  const counts = new Map<number, number>();
  return new Map(
    masks.map((mask) => {
      const place = counts.get(mask.classNumber) ?? 0;
      counts.set(mask.classNumber, place + 1);
      const number = place < OBJECTS_A_CLASS ? mask.classNumber * OBJECTS_A_CLASS + place : undefined;
      return [mask, number];
    }),
  );
}
