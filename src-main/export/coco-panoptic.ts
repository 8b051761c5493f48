import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paintMask } from '../core/mask/crop.ts';
import { masksOfLabels } from '../core/mask/label-map.ts';
import { encodeRgbIdPng } from '../core/mask/png.ts';
import { cocoHead, cocoImage } from './coco.ts';
import { fileNameOf, paintOrder, type ExportedImage, type ExportFormatDefinition } from './format.ts';
import { PerSplit } from './per-split.ts';
import { JsonLists } from './text-file.ts';
import { makeFolder } from '../domain/make-folder.ts';

/**
 * COCO panoptic: a PNG per image in which every pixel has the number of one segment, 0 where there is none.
 * Masks may overlap and segments may not: masks are painted one over another, as `paintOrder` says.
 * Source: COCO, data format, 4. Panoptic Segmentation.
 */
export const cocoPanoptic: ExportFormatDefinition = {
  target: 'folder',
  imageFolder: (split) => `images/${split}`,
  help: () => [
    'Load annotations/panoptic_SPLIT.json with panopticapi; its PNGs are in panoptic_SPLIT/.',
    'Where masks overlap, the one in front in the app is in front here, too. Unlabelled pixels are 0 (void).',
  ],
  open: ({ path, plan, remark }) => {
    const categories = plan.classes.map(({ number: id, name, colour }) => ({
      id,
      name,
      supercategory: '',
      isthing: 1,
      color: [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)),
    }));
    const files = new PerSplit((split) =>
      JsonLists.create(join(path, 'annotations', `panoptic_${split}.json`), cocoHead(plan, categories), [
        'images',
        'annotations',
      ]),
    );
    return Promise.resolve({
      add: async (image) => {
        const file = await files.of(image.split);
        const folder = join(path, 'annotations', `panoptic_${image.split}`);
        const { ids, segments } = segmentsOf(image);
        const hidden = image.masks.length - segments.length;
        if (hidden > 0) remark(image, `${hidden} masks are completely covered by others and are left out.`);
        await makeFolder(folder);
        await writeFile(
          join(folder, `${image.name}.png`),
          await encodeRgbIdPng(ids, image.widthPx, image.heightPx),
        );
        await file.add('images', cocoImage({ ...image, fileName: fileNameOf(image) }));
        await file.add('annotations', {
          image_id: image.number,
          file_name: `${image.name}.png`,
          segments_info: segments,
        });
      },
      finish: async () => {
        for (const file of files.all) await file.finish();
      },
      [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
    });
  },
};

function segmentsOf(image: ExportedImage): { ids: Uint32Array; segments: object[] } {
  const { widthPx, heightPx, masks } = image;
  const ids = new Uint32Array(widthPx * heightPx);
  for (const mask of paintOrder(masks)) paintMask(ids, mask.shape, masks.indexOf(mask) + 1);
  const visible = masksOfLabels({ data: ids, widthPx, heightPx });
  const segments = masks.flatMap(({ classNumber: category_id }, index) => {
    const seen = visible.get(index + 1);
    if (!seen) return [];
    const { x, y, width, height } = seen.box;
    return [{ id: index + 1, category_id, area: seen.areaPx, bbox: [x, y, width, height], iscrowd: 0 }];
  });
  return { ids, segments };
}
