import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openImageBytes } from '../../../../src-main/core/image/open-image.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../../src-main/core/image/image-limits.ts';
import { pngFrames } from '../../../../src-main/core/image/png-frames.ts';
import { pngChunk } from '../../../../src-main/core/mask/png-chunks.ts';
import { quadrants, sharpOf } from '../../../support/test-images.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const HEADER_END = 33;
/** Frames, and how often they are played. */
const control = (frames: number) => {
  const content = Buffer.alloc(8);
  content.writeUInt32BE(frames);
  return pngChunk('acTL', content);
};

async function animated(frames: number): Promise<Buffer> {
  const png = await sharpOf(quadrants()).png().toBuffer();
  return Buffer.concat([png.subarray(0, HEADER_END), control(frames), png.subarray(HEADER_END)]);
}

test('an animated PNG says how many frames it has, in memory and on the drive', async () => {
  const png = await animated(3);
  const path = join(tempFolder(), 'a.png');
  writeFileSync(path, png);
  expect([await pngFrames(png), await pngFrames(path)]).toEqual([3, 3]);
  expect((await openImageBytes(png, DEFAULT_IMAGE_LIMITS)).header.frameCount).toBe(3);
  const plain = await sharpOf(quadrants()).png().toBuffer();
  expect(await pngFrames(plain)).toBe(1);
  // Behind the pixels it means nothing.
  expect(await pngFrames(Buffer.concat([plain, control(3)]))).toBe(1);
  expect(await pngFrames(png.subarray(0, 40))).toBe(1);
});
