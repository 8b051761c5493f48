import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { downloadFile } from '../../../../src-main/service/download/download-file.ts';
import { serveFile } from '../../../support/file-server.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const BYTES = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);

function download(url: string, options: { folder?: string; silenceMs?: number } = {}) {
  const folder = options.folder ?? tempFolder();
  const place = { file: join(folder, 'file'), note: join(folder, 'note.json') };
  const ended = downloadFile({
    remote: { address: `${url}/file`, minBytes: BYTES.length, maxBytes: BYTES.length },
    place,
    proxies: {},
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...(options.silenceMs === undefined ? {} : { silenceMs: options.silenceMs }),
  });
  return { place, ended };
}

test('a server that falls silent in the middle is given up, and what has arrived is kept', async () => {
  const server = await serveFile(BYTES);
  server.stopAfter = 5_000;
  const { ended, place } = download(server.url, { silenceMs: 200 });
  await expect(ended).rejects.toMatchObject({
    code: 'DOWNLOAD_FAILED',
    message: `The download of ${server.url}/file failed because the server was silent for 0.2 seconds.`,
  });
  expect(readFileSync(place.file)).toHaveLength(5_000);
});

test('a file without a note, or of another address, is not continued', async () => {
  const [first, second] = [await serveFile(BYTES), await serveFile(BYTES.toReversed())];
  const folder = tempFolder();
  writeFileSync(join(folder, 'file'), 'of somebody else');
  first.breakAfter = 5_000;
  await expect(download(first.url, { folder }).ended).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  const { ended, place } = download(second.url, { folder });
  await ended;
  expect([first, second].map(({ requests }) => requests[0]?.headers.range)).toEqual([undefined, undefined]);
  expect(readFileSync(place.file)).toEqual(Buffer.from(BYTES.toReversed()));
});

test('a whole file is not asked for again', async () => {
  const server = await serveFile(BYTES);
  const folder = tempFolder();
  await download(server.url, { folder }).ended;
  await download(server.url, { folder }).ended;
  expect(server.requests).toHaveLength(1);
});
