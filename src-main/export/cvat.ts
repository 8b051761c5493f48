import { join } from 'node:path';
import type { ExportPlan } from '../domain/export-plan.ts';
import { decodeCrop } from '../core/mask/crop.ts';
import { rowRuns } from '../core/mask/row-runs.ts';
import { fileNameOf, paintOrder, type ExportedMask, type ExportFormatDefinition } from './format.ts';
import { escapeXml, TextFile } from './text-file.ts';

/**
 * CVAT for images 1.1: one XML file with a mask element an object, whose run lengths go row by row inside the tight
 * box and start with background.
 * Source: CVAT documentation, XML annotation format, "mask".
 */
export const cvat: ExportFormatDefinition = {
  target: 'folder',
  imageFolder: (split) => `images/${split}`,
  help: () => [
    'Create a task with the images and the labels of annotations.xml, then "Upload annotations", "CVAT 1.1".',
    'Frames are matched by file name, so upload the images under the names they have here.',
  ],
  open: async ({ path, plan }) => {
    const file = await TextFile.create(join(path, 'annotations.xml'));
    await file.write(headOf(plan));
    return {
      add: async (image) => {
        const attributes = attributesOf({
          id: image.number - 1,
          name: fileNameOf(image),
          subset: image.split,
          width: image.widthPx,
          height: image.heightPx,
        });
        const masks = paintOrder(image.masks).map(maskElement).join('');
        await file.write(`  <image ${attributes}>\n${masks}  </image>\n`);
      },
      finish: async () => {
        await file.write('</annotations>\n');
        await file.flush();
      },
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  },
};

/** The order of painting becomes the height in CVAT's stack. */
function maskElement({ className: label, shape, box }: ExportedMask, z_order: number): string {
  const { x: left, y: top, width, height } = box;
  const rle = rowRuns(decodeCrop(shape, box)).join(', ');
  const attributes = attributesOf({
    label,
    source: 'auto',
    occluded: 0,
    rle,
    left,
    top,
    width,
    height,
    z_order,
  });
  return `    <mask ${attributes}>\n    </mask>\n`;
}

function attributesOf(attributes: Record<string, string | number>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}="${escapeXml(String(value))}"`)
    .join(' ');
}

function headOf({ datasetName, versionNumber, classes, counts }: ExportPlan): string {
  const labels = classes
    .map(({ name, colour }) => {
      const fields = `<name>${escapeXml(name)}</name><color>${colour}</color><type>any</type>`;
      return `        <label>${fields}<attributes></attributes></label>\n`;
    })
    .join('');
  return `<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <name>${escapeXml(`${datasetName} ${versionNumber}`)}</name>
      <size>${counts.images}</size>
      <mode>annotation</mode>
      <labels>
${labels}      </labels>
    </task>
  </meta>
`;
}
