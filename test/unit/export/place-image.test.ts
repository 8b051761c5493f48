import { createHash } from 'node:crypto';
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ContentHash } from '../../../src-main/contract/ids.ts';
import { DEFAULT_IMAGE_LIMITS } from '../../../src-main/core/image/image-limits.ts';
import type { ExportImageRow } from '../../../src-main/domain/export-plan.ts';
import { placeImage } from '../../../src-main/export/place-image.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const BYTES = Buffer.from('the bytes of an image');

function original(): ExportImageRow & { path: string } {
  const rootPath = join(tempFolder(), 'photos');
  const path = join(rootPath, 'a', 'cat.png');
  mkdirSync(join(rootPath, 'a'), { recursive: true });
  writeFileSync(path, BYTES);
  const { size: sizeBytes, mtimeMs } = statSync(path);
  return {
    path,
    id: 1,
    rootPath,
    relPath: 'a/cat.png',
    pathBytes: null,
    file: { relPath: 'a/cat.png', pathBytes: null },
    sizeBytes,
    mtimeMs,
    contentHash: ContentHash.parse(createHash('sha256').update(BYTES).digest('hex')),
    widthPx: 8,
    heightPx: 6,
    orientation: 1,
    split: 'train',
    masks: [],
  };
}

function placed(image: ExportImageRow, ...otherRoots: string[]) {
  return placeImage(image, {
    images: 'reference',
    onlyJpeg: false,
    folder: tempFolder(),
    imageFolder: 'images',
    name: 'cat',
    isResumed: false,
    rootPaths: [image.rootPath, ...otherRoots],
    limits: DEFAULT_IMAGE_LIMITS,
    signal: new AbortController().signal,
  });
}

describe('a reference to an image', () => {
  test('is relative to the only collection, and a whole path if there are several', async () => {
    const image = original();
    expect((await placed(image)).file).toEqual({ kind: 'outside', path: image.path, shownPath: 'a/cat.png' });
    const { file } = await placed(image, '/other/photos');
    expect(file).toEqual({ kind: 'outside', path: image.path, shownPath: image.path });
  });

  test('is refused if the file has changed, also to another one of the same size', async () => {
    const image = original();
    utimesSync(image.path, 1, 1);
    await expect(placed(image)).resolves.toMatchObject({ departure: null });
    writeFileSync(image.path, BYTES.toString().toUpperCase());
    utimesSync(image.path, 2, 2);
    await expect(placed(image)).rejects.toThrow(/has changed since the dataset was created/);
  });
});
