import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startService, waitForState } from '../../support/running-service.ts';

const SAMPLE = join(import.meta.dirname, '../../../resources/sample');

test('the sample becomes collections of copies, once', async () => {
  const { client, service } = startService();
  const added = await client.collections.addSample();
  expect(added.map(({ collection }) => collection.name)).toEqual(['sample-photos', 'sample-nuclei']);
  for (const { job } of added) await waitForState(client, job.id, 'done');
  const counts = (await client.collections.list()).map((collection) => collection.counts);
  expect(counts.map(({ usable, problems }) => ({ usable, problems }))).toEqual([
    { usable: 7, problems: 0 },
    { usable: 4, problems: 0 },
  ]);
  const copy = join(service.layout.sample, 'photos', 'cat.jpg');
  expect(readFileSync(copy)).toEqual(readFileSync(join(SAMPLE, 'photos', 'cat.jpg')));
  // A second time: the same collections, and only what is missing is copied.
  const before = statSync(copy).mtimeMs;
  rmSync(join(service.layout.sample, 'photos', 'coffee.jpg'));
  const again = await client.collections.addSample();
  expect(again.map(({ collection }) => collection.id)).toEqual(added.map(({ collection }) => collection.id));
  expect(await client.collections.list()).toHaveLength(2);
  expect(statSync(copy).mtimeMs).toBe(before);
  expect(existsSync(join(service.layout.sample, 'photos', 'coffee.jpg'))).toBe(true);
});

test('every picture of the sample has its license stated, and nuclei their truth', () => {
  const licenses = readFileSync(join(SAMPLE, 'LICENSES.md'), 'utf8');
  for (const photo of readdirSync(join(SAMPLE, 'photos'))) expect(licenses).toContain(`\`photos/${photo}\``);
  for (const kind of ['masks', 'labels']) {
    expect(readdirSync(join(SAMPLE, 'truth', 'nuclei', kind))).toEqual(readdirSync(join(SAMPLE, 'nuclei')));
  }
});
