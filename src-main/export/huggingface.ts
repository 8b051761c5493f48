import { writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { ExportPlan } from '../domain/export-plan.ts';
import type { Split } from '../contract/dataset.ts';
import { paintMask } from '../core/mask/crop.ts';
import { encodePng } from '../core/mask/png.ts';
import {
  BACKGROUND,
  classesBesideBackground,
  paintOrder,
  type ExportedImage,
  type ExportFormatDefinition,
} from './format.ts';
import { PerSplit } from './per-split.ts';
import { asciiJson, TextFile } from './text-file.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** The names by which the library knows splits from folders and files. */
export const HUGGINGFACE_SPLITS: Record<Split, string> = { train: 'train', val: 'validation', test: 'test' };

/** Class numbers need 16 bits beyond this. */
const MAX_NARROW_CLASS = 254;

/**
 * Hugging Face `imagefolder`: a folder a split with images, masks and a `metadata.jsonl`, whose `file_name` and
 * `mask_file_name` become the columns `image` and `mask`.
 * Source: Hugging Face Datasets documentation, "Create an image dataset", ImageFolder.
 */
export const huggingface: ExportFormatDefinition = {
  target: 'folder',
  imagesReason: 'library-inside',
  imageFolder: (split) => `${HUGGINGFACE_SPLITS[split]}/images`,
  help: () => ['Load with: datasets.load_dataset("imagefolder", data_dir=FOLDER)', MASK_HELP],
  open: async ({ path, plan, note }) => {
    await writeFile(join(path, 'README.md'), datasetCard(plan, classesBesideBackground(plan, note)));
    const files = new PerSplit((split) =>
      TextFile.create(join(path, HUGGINGFACE_SPLITS[split], 'metadata.jsonl')),
    );
    return {
      add: async (image) => {
        const split = HUGGINGFACE_SPLITS[image.split];
        const folder = join(path, split, 'masks');
        await makeFolder(folder);
        await writeFile(join(folder, `${image.name}.png`), await classMaskPng(image, plan));
        const file = await files.of(image.split);
        const row = {
          file_name: posix.relative(split, image.file.path),
          mask_file_name: `masks/${image.name}.png`,
          image_id: image.number,
          width: image.widthPx,
          height: image.heightPx,
          objects: objectsOf(image),
        };
        await file.write(`${asciiJson(row)}\n`);
      },
      finish: async () => {
        for (const file of files.all) await file.flush();
      },
      [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
    };
  },
};

export const MASK_HELP =
  'mask contains the class of each pixel, where 0 is background; objects.counts are COCO run lengths of size [height, width].';

/** The classes of all pixels, where smaller masks are in front. */
export function classMaskPng({ masks, widthPx, heightPx }: ExportedImage, plan: ExportPlan): Promise<Buffer> {
  const size = widthPx * heightPx;
  const data = plan.classes.length > MAX_NARROW_CLASS ? new Uint16Array(size) : new Uint8Array(size);
  for (const mask of paintOrder(masks)) paintMask(data, mask.shape, mask.classNumber);
  return encodePng({ data, widthPx, heightPx });
}

/** The objects of an image as lists that go together, place by place. */
export function objectsOf({ masks }: ExportedImage) {
  return {
    id: masks.map(({ number }) => number),
    category: masks.map(({ classNumber }) => classNumber),
    category_name: masks.map(({ className }) => className),
    bbox: masks.map(({ box: { x, y, width, height } }) => [x, y, width, height]),
    area: masks.map(({ areaPx }) => areaPx),
    score: masks.map(({ score }) => score),
    counts: masks.map(({ shape }) => Buffer.from(shape.rle).toString('latin1')),
  };
}

/** The card that the hub shows; it also keeps the library from guessing among our own files. */
/** @param classes none of which is called as pixels without a class are */
export function datasetCard(
  { datasetName, versionNumber }: ExportPlan,
  classes: ExportPlan['classes'],
  dataFiles?: string,
): string {
  const configs =
    dataFiles === undefined
      ? []
      : ['configs:', '- config_name: default', '  data_files:', ...dataFiles.split('\n')];
  return [
    '---',
    'task_categories:',
    '- image-segmentation',
    `pretty_name: ${JSON.stringify(`${datasetName} ${versionNumber}`)}`,
    ...configs,
    '---',
    '',
    `# ${datasetName}, version ${versionNumber}`,
    '',
    `Classes: 0 ${BACKGROUND}, ` + classes.map(({ number, name }) => `${number} ${name}`).join(', ') + '.',
    '',
    MASK_HELP,
    '',
  ].join('\n');
}
