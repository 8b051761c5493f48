import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SegmentationId } from '../../../src-main/contract/ids.ts';
import { cachePlace, dataLayout, segmentationFiles } from '../../../src-main/domain/data-layout.ts';
import { emptyCaches, storageUse } from '../../../src-main/service/storage-use.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const CACHES = ['thumbnails', 'crops', 'drawn', 'decoded', 'superpixels', 'embeddings'] as const;

test('every cache is counted and emptied, and nothing else is touched', async () => {
  const layout = dataLayout(tempFolder());
  CACHES.forEach((name, at) => {
    const folder = join(cachePlace(layout.cache, name).folder, 'ab');
    mkdirSync(folder, { recursive: true });
    // Sizes by powers of ten: each sum says which folders are in it.
    writeFileSync(join(folder, 'entry'), new Uint8Array(10 ** at));
  });
  mkdirSync(layout.models, { recursive: true });
  const model = join(layout.models, 'kept.safetensors');
  writeFileSync(model, new Uint8Array(1));
  mkdirSync(layout.segmentations, { recursive: true });
  const learned = Object.values(segmentationFiles(layout, SegmentationId.parse(1)));
  for (const file of learned) writeFileSync(file, new Uint8Array(5));
  const learnedBytes = 5 * learned.length;
  const sizes = { thumbnailBytes: 111, decodedBytes: 111_000, learnedBytes };
  expect(await storageUse(layout)).toMatchObject(sizes);
  expect(await emptyCaches(layout)).toMatchObject({ thumbnailBytes: 0, decodedBytes: 0, learnedBytes });
  expect(existsSync(model)).toBe(true);
});
