import { join } from 'node:path';
import { shownPath, type ExportFormatDefinition } from './format.ts';
import { csvField, TextFile } from './text-file.ts';

/** A table of boxes and scores, one row per object. */
export const csv: ExportFormatDefinition = {
  target: 'folder',
  imageFolder: (split) => `images/${split}`,
  help: () => [
    'boxes.csv: one object per row; x and y are the top left corner, in pixels of the upright image.',
  ],
  open: async ({ path }) => {
    const file = await TextFile.create(join(path, 'boxes.csv'));
    await file.write('image,split,image_width,image_height,class,x,y,width,height,area,score,review\r\n');
    return {
      add: async (image) => {
        for (const mask of image.masks) {
          const { x, y, width, height } = mask.box;
          const fields = [
            ...[shownPath(image), image.split, image.widthPx, image.heightPx, mask.className],
            ...[x, y, width, height, mask.areaPx, mask.score, mask.review],
          ];
          await file.write(`${fields.map(csvField).join(',')}\r\n`);
        }
      },
      finish: () => file.flush(),
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  },
};
