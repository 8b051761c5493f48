import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { drawnImage } from '../../support/drawn-images.ts';
import { bitmapOf } from '../../support/masks.ts';
import { waitForState } from '../../support/running-service.ts';
import { startSegmented } from '../../support/segmented-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

test('the rows of a collection that was not scanned are those of a scan', async () => {
  const bitmap = bitmapOf('####....', '####....');
  const drawn = await drawnImage('cats/a b.png', [{ bitmap, className: 'cat' }]);
  const { client, folder, collection } = startSegmented([drawn]);
  const copy = join(tempFolder(), 'copy');
  cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
  const scanned = await client.collections.add({ path: copy });
  await waitForState(client, scanned.job.id, 'done');
  const [row] = (await client.images.page({ collectionId: collection.id })).items;
  const [real] = (await client.images.page({ collectionId: scanned.collection.id })).items;
  // A copy of a file has its time to the microsecond, and brightness is measured where files are opened.
  const facts = real?.facts && { ...real.facts, brightness: 0.5 };
  expect(row).toEqual({ ...real, facts, id: row?.id, collectionId: collection.id, mtimeMs: row?.mtimeMs });
});
