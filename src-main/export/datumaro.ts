import { join } from 'node:path';
import type { ExportPlan } from '../domain/export-plan.ts';
import { fileNameOf, paintOrder, type ExportFormatDefinition } from './format.ts';
import { channelsOf } from './palette.ts';
import { PerSplit } from './per-split.ts';
import { JsonLists } from './text-file.ts';

/** Datumaro's number for pictures among its kinds of media. */
const MEDIA_IMAGE = 2;

/**
 * Datumaro's own JSON: one file per split, with masks as COCO's run lengths.
 * Source: datumaro, plugins/data_formats/datumaro/exporter.py, format version 1.0.
 */
export const datumaro: ExportFormatDefinition = {
  target: 'folder',
  imageFolder: (split) => `images/${split}`,
  help: () => [
    'Load with: datum.Dataset.import_from(FOLDER, "datumaro"). CVAT imports it as "Datumaro 1.0", into a task whose frames have the same file names.',
  ],
  open: ({ path, plan }) => {
    const files = new PerSplit((split) =>
      JsonLists.create(join(path, 'annotations', `${split}.json`), headOf(plan), ['items']),
    );
    return Promise.resolve({
      add: async (image) => {
        const file = await files.of(image.split);
        const annotations = paintOrder(image.masks).map((mask, z_order) => ({
          id: mask.number,
          type: 'mask',
          attributes: { score: mask.score },
          group: mask.number,
          // Labels are counted from 0.
          label_id: mask.classNumber - 1,
          z_order,
          rle: {
            counts: Buffer.from(mask.shape.rle).toString('latin1'),
            size: [image.heightPx, image.widthPx],
          },
        }));
        await file.add('items', {
          id: image.name,
          annotations,
          // Without a frame's number: CVAT would believe it where a name does not fit.
          attr: {},
          image: { path: fileNameOf(image), size: [image.heightPx, image.widthPx] },
        });
      },
      finish: async () => {
        for (const file of files.all) await file.finish();
      },
      [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
    });
  },
};

function headOf({ classes, datasetName, versionNumber }: ExportPlan): object {
  return {
    dm_format_version: '1.0',
    media_type: MEDIA_IMAGE,
    infos: { dataset: datasetName, version: versionNumber },
    categories: {
      label: {
        labels: classes.map(({ name }) => ({ name, parent: '', attributes: [] })),
        label_groups: [],
        attributes: [],
      },
      mask: {
        colormap: classes.map(({ colour }, label_id) => {
          const [r, g, b] = channelsOf(colour);
          return { label_id, r, g, b };
        }),
      },
    },
  };
}
