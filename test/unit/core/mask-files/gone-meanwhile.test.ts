import { renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readMasks } from '../../../../src-main/core/mask-files/mask-folder.ts';
import { drawnImage, exportDrawn } from '../../../support/drawn-images.ts';
import { ring } from '../../../support/masks.ts';

const LETTERS = ['a', 'b', 'c', 'd'];

/** Folders with a file for each image, whose drive goes away after the first of them, and comes back. */
test.each(['labelme', 'binary-png', 'index-png', 'voc', 'yolo'] as const)(
  'of a folder in %s that goes away while it is read, no part is taken for all',
  async (format) => {
    const images = LETTERS.map((letter) =>
      drawnImage(`${letter}.png`, [
        { bitmap: ring, className: 'cat' },
        { bitmap: ring, className: 'dog' },
      ]),
    );
    const { folder } = await exportDrawn(await Promise.all(images), { format });
    const gridOf = () => ({ widthPx: ring.widthPx, heightPx: ring.heightPx });
    const readAll = async (onFirst: () => void) => {
      const names = new Set<string>();
      for await (const record of readMasks(folder, { format, gridOf })) {
        if (names.size === 0) onFirst();
        names.add(record.kind === 'masks' ? record.imageName : record.name);
      }
      return names.size;
    };
    expect(await readAll(() => undefined)).toBe(LETTERS.length);
    const goneInBetween = readAll(() => renameSync(folder, `${folder}-away`));
    await expect(goneInBetween).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    renameSync(`${folder}-away`, folder);
    expect(await readAll(() => undefined)).toBe(LETTERS.length);
  },
);
