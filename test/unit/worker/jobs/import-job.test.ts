import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MaskImportOptions } from '../../../../src-main/contract/mask-import.ts';
import { runImport } from '../../../../src-main/worker/jobs/import-job.ts';
import type { Ask } from '../../../../src-main/worker/protocol/ask.ts';
import { ServiceLink } from '../../../../src-main/worker/service-link.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const NAMES = ['a.png', 'b.png', 'c.png'];
const IMAGES = NAMES.map((relPath, index) => ({
  imageId: index + 1,
  relPath,
  contentHash: String(index).padStart(64, '0'),
  widthPx: 8,
  heightPx: 8,
  isDone: false,
}));

/** A folder of LabelMe files with an object each. */
function labels(): string {
  const folder = join(tempFolder(), 'labels');
  mkdirSync(folder);
  const points = [[1, 1], [6, 1], [6, 6], [1, 6]]; // prettier-ignore
  for (const imagePath of NAMES) {
    const file = {
      imagePath,
      imageWidth: 8,
      imageHeight: 8,
      shapes: [{ label: 'cat', points, shape_type: 'polygon' }],
    };
    writeFileSync(join(folder, imagePath.replace('png', 'json')), JSON.stringify(file));
  }
  return folder;
}

/** Runs an import for a service that knows three images; `onRead` is called when the first of them was read. */
async function importFrom(path: string, onRead: () => void): Promise<Ask['kind'][]> {
  const asked: Ask['kind'][] = [];
  const link: ServiceLink = new ServiceLink((message) => {
    if (message.type === 'progress' && message.progress.done === 1) onRead();
    if (message.type !== 'ask') return;
    asked.push(message.ask.kind);
    const isFirst = message.ask.kind === 'import/images' && message.ask.afterId === 0;
    setImmediate(() => link.settle(message.seq, { images: isFirst ? IMAGES : [] }));
  });
  const options = MaskImportOptions.parse({
    segmentationId: 1,
    path,
    format: 'labelme',
    rejectMissing: true,
  });
  const context = { link, signal: new AbortController().signal, cores: 1 };
  await runImport({ kind: 'import', options, rootPath: '/photos' }, context);
  return asked;
}

test.each([
  ['is unmounted', (path: string) => renameSync(path, `${path}-elsewhere`)],
  [
    'leaves an empty folder',
    (path: string) => {
      rmSync(path, { recursive: true });
      mkdirSync(path);
    },
  ],
])(
  'mask files whose drive %s while they are read change nothing, and the import can be resumed',
  async (_, goAway) => {
    const path = labels();
    await expect(importFrom(path, () => goAway(path))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      hint: expect.stringContaining('resume') as string,
    });
  },
);
