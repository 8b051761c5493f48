import { join } from 'node:path';
import pLimit from 'p-limit';
import { expect, test } from 'vitest';
import { DEFAULT_IMAGE_LIMITS } from '../../../../src-main/core/image/image-limits.ts';
import { inspectFile } from '../../../../src-main/core/image/inspect.ts';
import { ThumbnailCache } from '../../../../src-main/core/image/thumbnail-cache.ts';
import { damagedFiles } from '../../../support/damaged-files.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const COUNT = 200;

test('hundreds of damaged files that are read at once each get their own reason', async () => {
  const folder = tempFolder();
  const paths = await damagedFiles(join(folder, 'files'), COUNT);
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
