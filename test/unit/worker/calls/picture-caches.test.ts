import { expect, test } from 'vitest';
import { pictureCaches } from '../../../../src-main/worker/calls/picture-caches.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

test('the caches of a folder are opened once, because each counts it for its bound', () => {
  const bounds = { folder: tempFolder(), thumbnailBytes: 1_000_000, decodedBytes: 1_000_000 };
  const caches = pictureCaches(bounds);
  expect(pictureCaches({ ...bounds })).toBe(caches);
  expect(pictureCaches({ ...bounds, thumbnailBytes: 2_000_000 })).not.toBe(caches);
  expect(pictureCaches({ ...bounds, folder: tempFolder() })).not.toBe(caches);
});
