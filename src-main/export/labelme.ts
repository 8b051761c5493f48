import { writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { decodeCrop } from '../core/mask/crop.ts';
import { encodePng } from '../core/mask/png.ts';
import {
  paintOrder,
  type ExportContext,
  type ExportedImage,
  type ExportedMask,
  type ExportFormatDefinition,
} from './format.ts';
import { pathFrom } from './place-image.ts';
import { exportedPolygons, POLYGON_HELP } from './polygons.ts';
import { asciiJson } from './text-file.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** The version whose files these are: the first with shapes of the type mask has 5.4 as its number. */
const VERSION = { mask: '5.4.1', polygon: '5.1.1' } as const;

/**
 * LabelMe: one JSON file next to each image. Masks are exact; as polygons, which older versions read and which can be
 * edited by hand, an object of several parts is a group, and holes are cut in by seams. LabelMe counts from the
 * middle of the first pixel and fills what its line passes, so that polygons too are exact.
 */
export const labelme: ExportFormatDefinition = {
  target: 'folder',
  imageFolder: (split) => split,
  help: ({ options }) => [
    'Open one of the folders train, val or test with: labelme FOLDER',
    options.labelmeShapes === 'mask'
      ? 'Masks need LabelMe 5.4 or newer; for older versions, export with --labelme-shapes polygon.'
      : `Polygons of one object have the same group number. ${POLYGON_HELP[options.polygons]}`,
  ],
  open: (context) =>
    Promise.resolve({
      add: async (image) => {
        const folder = join(context.path, image.split);
        await makeFolder(folder);
        const shapes = await Promise.all(
          // LabelMe shows later shapes in front, and its converters paint them in this order.
          paintOrder(image.masks).map((mask, index) => shapesOf(mask, index + 1, context)),
        );
        const { labelmeShapes } = context.plan.options;
        const json = {
          version: VERSION[labelmeShapes],
          flags: {},
          shapes: shapes.flat(),
          imagePath: imagePath(image, context),
          imageData: null,
          imageHeight: image.heightPx,
          imageWidth: image.widthPx,
        };
        await writeFile(join(folder, `${image.name}.json`), `${asciiJson(json, 1)}\n`);
      },
      finish: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};

function imagePath({ file, split }: ExportedImage, { finalPath }: ExportContext): string {
  if (file.kind === 'inside') return posix.relative(split, file.path);
  return pathFrom(join(finalPath, split), file.path);
}

async function shapesOf(mask: ExportedMask, group: number, { plan }: ExportContext): Promise<object[]> {
  const { shape, box, className: label } = mask;
  if (plan.options.labelmeShapes === 'mask') {
    const crop = decodeCrop(shape, box);
    const png = await encodePng({ ...crop, data: crop.data.map((value) => value * 255) });
    const points = [
      [box.x, box.y],
      [box.x + box.width - 1, box.y + box.height - 1],
    ];
    return [
      { label, points, group_id: null, description: '', shape_type: 'mask', flags: {}, mask: png.toString('base64') }, // prettier-ignore
    ];
  }
  const polygons = exportedPolygons(mask, 'centres', plan.options);
  return polygons.map((polygon) => {
    const points = Array.from({ length: polygon.length / 2 }, (_, at) => [
      (polygon[at * 2] ?? 0) - 0.5,
      (polygon[at * 2 + 1] ?? 0) - 0.5,
    ]);
    while (points.length < 3) points.push(points[0] ?? [0, 0]);
    const group_id = polygons.length > 1 ? group : null;
    return { label, points, group_id, description: '', shape_type: 'polygon', flags: {} };
  });
}
