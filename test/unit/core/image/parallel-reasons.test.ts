import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { expect, test } from 'vitest';
import { DEFAULT_IMAGE_LIMITS } from '../../../../src-main/core/image/image-limits.ts';
import { inspectFile } from '../../../../src-main/core/image/inspect.ts';
import { ThumbnailCache } from '../../../../src-main/core/image/thumbnail-cache.ts';
import { uniform } from '../../../support/random-data.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { photoLike, sharpOf } from '../../../support/test-images.ts';

const COUNT = 200;

/** Files of all formats that libvips decodes: every eighth is whole, the others are damaged in one of three ways. */
async function damagedFiles(folder: string): Promise<string[]> {
  const image = () => sharpOf(photoLike(32, 24));
  const originals = await Promise.all([
    image().jpeg().toBuffer(),
    image().png().toBuffer(),
    image().webp().toBuffer(),
    image().tiff({ compression: 'lzw' }).toBuffer(),
    image().gif().toBuffer(),
    image().avif({ effort: 0 }).toBuffer(),
  ]);
  let drawn = 0;
  const random = () => uniform(11, drawn++);
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: COUNT }, (_, index) => {
    const bytes = Buffer.from(originals[index % originals.length] ?? []);
    const at = 12 + Math.floor(random() * (bytes.length - 12));
    const damaged = [
      () => bytes.subarray(0, at),
      () => bytes.fill(0, at, Math.min(at + 40, bytes.length)),
      () => bytes.fill(Math.floor(random() * 256), at, Math.min(at + 3, bytes.length)),
    ];
    const content = index % 8 === 7 ? bytes : damaged[Math.floor(index / 6) % 3]?.();
    const path = join(folder, `${index}`);
    writeFileSync(path, content ?? bytes);
    return path;
  });
}

test('hundreds of damaged files that are read at once each get their own reason', async () => {
  const folder = tempFolder();
  const paths = await damagedFiles(join(folder, 'files'));
  const thumbnails = new ThumbnailCache({ folder: join(folder, 'cache'), maxBytes: 2 ** 30 });
  const options = { limits: DEFAULT_IMAGE_LIMITS, thumbnails, signal: new AbortController().signal };
  const inspectAll = (atOnce: number) => {
    const limit = pLimit(atOnce);
    return Promise.all(paths.map((path) => limit(async () => [path, await inspectFile(path, options)])));
  };
  const oneByOne = await inspectAll(1);
  expect(await inspectAll(16)).toEqual(oneByOne);
  const problems = JSON.stringify(oneByOne);
  expect(problems).not.toContain('Unknown error');
  // Enough kinds of reasons that a mix-up would show.
  expect(new Set(problems.match(/"detail":"[^"]*"/g)).size).toBeGreaterThan(12);
}, 300_000);
