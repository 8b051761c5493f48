import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NotedReader } from '../../../../src-main/core/image/noted-reader.ts';
import { readingFolder } from '../../../../src-main/domain/data-layout.ts';
import { inProcessWorker } from '../../../support/in-process-worker.ts';
import { makePhotos } from '../../../support/photo-folder.ts';
import { startService, waitForState } from '../../../support/running-service.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

test('a scan reads each file once, also those that were open when its last worker was killed', async () => {
  const { service, client, bugs } = startService({ fork: inProcessWorker });
  const folder = join(tempFolder(), 'photos');
  mkdirSync(folder);
  const { collection, job } = await client.collections.add({ path: folder });
  await waitForState(client, job.id, 'done');

  await makePhotos(folder, 5);
  const killed = NotedReader.takeUp(readingFolder(service.layout.cache, `scan-${collection.id}`));
  for (const name of ['photo-0001.jpg', 'photo-0003.jpg'])
    void killed.read(join(folder, name), () => new Promise(() => undefined));
  const { id } = await client.collections.rescan({ id: collection.id });
  const { progress } = await waitForState(client, id, 'done');
  expect(progress).toMatchObject({ phase: 'reading-images', done: 5, total: 5 });
  expect((await client.collections.get({ id: collection.id })).counts).toMatchObject({ usable: 5 });
  expect(bugs).toEqual([]);
});
