import { readFileSync, readdirSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { objectLabels } from '../../../src-main/core/evaluate/object-labels.ts';
import { truthFromMask } from '../../../src-main/core/evaluate/truth.ts';
import { sharp } from '../../../src-main/core/image/sharp-setup.ts';
import { sharedPath } from '../../support/shared.ts';
import type { Target } from './protocol.ts';

/** Objects smaller than this share of a picture are left out: at 320 px, clicks would be pixels. */
const MIN_SHARE = 0.01;

export type Photo = { name: string; set: 'pets' | 'coco'; bytes: Uint8Array; targets: Target[] };

/** The photos of a set of `shared/data` with their objects. */
export async function photosOf(set: 'pets' | 'coco'): Promise<Photo[]> {
  const names = readdirSync(sharedPath('data', set, 'images')).sort();
  const photos: Photo[] = [];
  for (const file of names) {
    const name = basename(file, extname(file));
    const bytes = readFileSync(sharedPath('data', set, 'images', file));
    const mask = await grey(sharedPath('data', set, 'masks', `${name}.png`));
    const truth = truthFromMask(mask.data, mask.widthPx, mask.heightPx);
    if (set === 'pets') {
      photos.push({ name, set, bytes, targets: [{ ...truth, truth: truth.pixels }] });
      continue;
    }
    const { data, ...grid } = await grey(sharedPath('data', set, 'labels', `${name}.png`));
    const targets = objectLabels(data, truth)
      .objects.map((label) => ({
        ...grid,
        truth: data.map((value) => (value === label ? 1 : value === 255 ? 2 : 0)),
      }))
      .filter(
        ({ truth: own }) =>
          own.reduce((sum, value) => sum + Number(value === 1), 0) >= MIN_SHARE * own.length,
      );
    photos.push({ name, set, bytes, targets });
  }
  return photos;
}

async function grey(path: string): Promise<{ data: Uint8Array; widthPx: number; heightPx: number }> {
  const { data, info } = await sharp(path).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), widthPx: info.width, heightPx: info.height };
}
