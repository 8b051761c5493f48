import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paintMask } from '../core/mask/crop.ts';
import { encodePng } from '../core/mask/png.ts';
import { exportName } from './image-names.ts';
import type { ExportFormatDefinition } from './format.ts';
import { csvField, TextFile } from './text-file.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** One PNG per object, 0 outside and 255 inside, of the image's size: `masks/SPLIT/NAME/0001_CLASS.png`. */
export const binaryPng: ExportFormatDefinition = {
  target: 'folder',
  imageFolder: (split) => `images/${split}`,
  help: () => [
    'masks/SPLIT/NAME/0001_CLASS.png: one object per file, 255 inside, 0 outside; the best object of each image comes first.',
    'masks.csv lists them all with class, score and box.',
  ],
  open: async ({ path }) => {
    const list = await TextFile.create(join(path, 'masks.csv'));
    await list.write('file,image,class,score,review,area,x,y,width,height\r\n');
    return {
      add: async (image) => {
        const folder = `masks/${image.split}/${image.name}`;
        await makeFolder(join(path, folder));
        for (const [index, mask] of image.masks.entries()) {
          const data = new Uint8Array(image.widthPx * image.heightPx);
          paintMask(data, mask.shape, 255);
          const file = `${folder}/${String(index + 1).padStart(4, '0')}_${exportName(mask.className)}.png`;
          const png = await encodePng({ data, widthPx: image.widthPx, heightPx: image.heightPx });
          await writeFile(join(path, file), png);
          const { x, y, width, height } = mask.box;
          const fields = [file, image.name, mask.className, mask.score, mask.review, mask.areaPx];
          await list.write(`${[...fields, x, y, width, height].map(csvField).join(',')}\r\n`);
        }
      },
      finish: () => list.flush(),
      [Symbol.asyncDispose]: () => list[Symbol.asyncDispose](),
    };
  },
};
