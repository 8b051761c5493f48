import { join } from 'node:path';
import type { ExportOptions } from '../contract/export.ts';
import type { ExportPlan } from '../domain/export-plan.ts';
import { fileNameOf, type ExportedMask, type ExportFormatDefinition } from './format.ts';
import { PerSplit } from './per-split.ts';
import { exportedPolygons, POLYGON_HELP } from './polygons.ts';
import { JsonLists } from './text-file.ts';

type Segmentation = (mask: ExportedMask, options: ExportOptions) => unknown;

/** COCO instances with exact masks: compressed run lengths. */
export const coco = instances(
  ({ shape }) => ({
    size: [shape.gridHeight, shape.gridWidth],
    counts: Buffer.from(shape.rle).toString('latin1'),
  }),
  () =>
    'CVAT: create the labels in the task first, import as "COCO 1.0" and turn off "Convert masks to polygons".',
);

/** COCO instances with polygons along the edges of pixels; holes are joined to their surroundings by seams. */
export const cocoPolygon = instances(
  (mask, options) => exportedPolygons(mask, 'edges', options),
  ({ polygons }) => POLYGON_HELP[polygons],
);

function instances(
  segmentationOf: Segmentation,
  helpOf: (options: ExportOptions) => string,
): ExportFormatDefinition {
  return {
    target: 'folder',
    imageFolder: (split) => `images/${split}`,
    help: (plan) => [
      'Load annotations/instances_SPLIT.json with pycocotools. file_name is below images/SPLIT, or below the',
      `original folder where images are referenced: ${plan.rootPaths.join(', ')}.`,
      helpOf(plan.options),
    ],
    open: ({ path, plan }) => {
      const files = new PerSplit((split) =>
        JsonLists.create(
          join(path, 'annotations', `instances_${split}.json`),
          cocoHead(
            plan,
            plan.classes.map(({ number: id, name }) => ({ id, name, supercategory: '' })),
          ),
          ['images', 'annotations'],
        ),
      );
      return Promise.resolve({
        add: async (image) => {
          const file = await files.of(image.split);
          await file.add('images', cocoImage({ ...image, fileName: fileNameOf(image) }));
          for (const mask of image.masks) {
            const { x, y, width, height } = mask.box;
            await file.add('annotations', {
              id: mask.number,
              image_id: image.number,
              category_id: mask.classNumber,
              segmentation: segmentationOf(mask, plan.options),
              area: mask.areaPx,
              bbox: [x, y, width, height],
              // Crowds are another measure to COCO's scoring, and skipped by most training code.
              iscrowd: 0,
              score: mask.score,
            });
          }
        },
        finish: async () => {
          for (const file of files.all) await file.finish();
        },
        [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
      });
    },
  };
}

/** The members that every COCO file starts with; CVAT has failed on files without licenses. */
export function cocoHead(plan: ExportPlan, categories: object[]): object {
  const created = new Date(plan.createdAtMs);
  return {
    info: {
      description: `${plan.datasetName} ${plan.versionNumber}`,
      url: '',
      version: String(plan.versionNumber),
      year: created.getUTCFullYear(),
      contributor: `R2O Studio ${plan.appVersion}`,
      date_created: created.toISOString(),
    },
    licenses: [{ id: 1, name: 'Unknown', url: '' }],
    categories,
  };
}

/** An image's entry in a COCO file. */
export function cocoImage(image: {
  number: number;
  widthPx: number;
  heightPx: number;
  fileName: string;
}): object {
  const { number: id, widthPx: width, heightPx: height, fileName: file_name } = image;
  return {
    id,
    width,
    height,
    file_name,
    license: 1,
    flickr_url: '',
    coco_url: '',
    date_captured: 0,
  };
}
