import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { photoLike, sharpOf } from './test-images.ts';

/** Writes `count` small JPEGs of different content, named `photo-0000.jpg` on. */
export async function makePhotos(folder: string, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const jpeg = await sharpOf(photoLike(96, 64)).jpeg().toBuffer();
  for (let index = 0; index < count; index++) {
    // A comment segment after the start marker: another content, and the same picture, at no cost.
    const comment = Buffer.from([0xff, 0xfe, 0, 6, 0, 0, 0, 0]);
    comment.writeUInt32BE(index, 4);
    const bytes = Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
    writeFileSync(join(folder, `photo-${String(index).padStart(4, '0')}.jpg`), bytes);
  }
}
