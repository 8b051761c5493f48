import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../src-main/contract/contract.ts';
import { ImageId, SegmentationId, type CollectionId, type JobId } from '../../src-main/contract/ids.ts';
import { MAX_RUN_LENGTH_CHARS } from '../../src-main/contract/message-limit.ts';
import { DEFAULT_SETTINGS } from '../../src-main/contract/settings.ts';
import type { ServiceEvent } from '../../src-main/contract/event.ts';
import { makePhotos } from '../support/photo-folder.ts';
import { waitForState, type RunningService } from '../support/running-service.ts';
import { tempFolder } from '../support/temp-folder.ts';

type Transport = RunningService & { reconnect: () => Promise<Client> };

/** What every transport of the contract must do alike. */
export function describeContract(name: string, open: () => Promise<Transport>): void {
  describe(`the contract ${name}`, () => {
    test('adds a folder, scans it and lists its images page by page', async () => {
      const { client } = await open();
      const { collection, job } = await client.collections.add({ path: await photos(5), name: 'Holiday' });
      expect(collection).toMatchObject({ name: 'Holiday', lastScanAtMs: null });
      const done = await waitForState(client, job.id, 'done');
      expect(done.progress).toMatchObject({ done: 5, total: 5, unit: 'images' });

      expect((await client.collections.list()).map(({ counts }) => counts.usable)).toEqual([5]);
      const first = await client.images.page({ collectionId: collection.id, limit: 3 });
      const second = await client.images.page({
        collectionId: collection.id,
        cursor: first.nextCursor,
        limit: 3,
      });
      expect([...first.items, ...second.items].map(({ relPath }) => relPath)).toEqual(
        [0, 1, 2, 3, 4].map((index) => `photo-000${index}.jpg`),
      );
      expect(second.nextCursor).toBeNull();
    });

    test('tells a user error by code, message and hint', async () => {
      const { client } = await open();
      await expect(client.collections.add({ path: '/no/such/folder' })).rejects.toMatchObject({
        code: 'FOLDER_NOT_FOUND',
        message: 'The folder /no/such/folder does not exist.',
        data: { hint: expect.stringContaining('Check the path') as string },
      });
      await expect(client.jobs.get({ id: 99 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('refuses input that does not fit its schema, naming the field', async () => {
      const { client } = await open();
      const bad = { id: 'one' as unknown as CollectionId };
      await expect(client.collections.get(bad)).rejects.toMatchObject({
        code: 'BAD_INPUT',
        message: expect.stringContaining('id') as string,
      });
    });

    test('carries the run lengths of a mask up to the limit, and refuses longer ones by name', async () => {
      const { client } = await open();
      const drawing = (counts: string) =>
        client.masks.create({
          id: SegmentationId.parse(1),
          imageId: ImageId.parse(1),
          counts,
          conceptId: null,
        });
      // The backslash is the one of their characters that JSON writes as two.
      for (const char of ['1', '\\']) {
        await expect(drawing(char.repeat(MAX_RUN_LENGTH_CHARS))).rejects.toMatchObject({ code: 'NOT_FOUND' });
        await expect(drawing(char.repeat(MAX_RUN_LENGTH_CHARS + 1))).rejects.toMatchObject({
          code: 'BAD_INPUT',
          message: expect.stringContaining('counts') as string,
        });
      }
      await expect(drawing('1'.repeat(3 * MAX_RUN_LENGTH_CHARS))).rejects.toMatchObject({
        code: 'BAD_INPUT',
      });
      // The connection has survived.
      expect(await client.settings.get()).toEqual(DEFAULT_SETTINGS);
    });

    test('changes one setting and leaves the others as they are', async () => {
      const { client } = await open();
      await client.settings.update({ maxFileBytes: 5_000_000 });
      await client.settings.update({ maxPixels: 2_000_000 });
      expect(await client.settings.get()).toEqual({
        ...DEFAULT_SETTINGS,
        maxFileBytes: 5_000_000,
        maxPixels: 2_000_000,
      });
    });

    test('hides a bug behind INTERNAL, and logs it', async () => {
      const { client, service, bugs } = await open();
      const vandal = new Database(service.layout.database);
      vandal.exec('DROP TABLE settings');
      vandal.close();
      await expect(client.settings.get()).rejects.toMatchObject({
        code: 'INTERNAL',
        message: 'Internal error in settings.get.',
        data: { hint: expect.stringContaining('r2o.log') as string },
      });
      expect(String(bugs[0])).toContain('no such table: settings');
    });

    test('streams the events of a job until its end', async () => {
      const { client } = await open();
      const stop = new AbortController();
      const events = await client.events.watch(undefined, { signal: stop.signal });
      const { job } = await client.collections.add({ path: await photos(3) });
      const states = await statesUntilDone(events, job.id);
      stop.abort();
      expect(states[0]).toBe('queued');
      expect(states).toContain('running');
      expect(states.at(-1)).toBe('done');
    });

    test('loses nothing over a reconnect: what an event told can be read', async () => {
      const { client, reconnect } = await open();
      const { collection, job } = await client.collections.add({ path: await photos(3) });
      const again = await reconnect();
      await waitForState(again, job.id, 'done');
      expect(await again.jobs.get({ id: job.id })).toMatchObject({ state: 'done', error: null });
      expect((await again.collections.get({ id: collection.id })).counts.usable).toBe(3);
    });
  });
}

async function photos(count: number): Promise<string> {
  const folder = join(tempFolder(), 'photos');
  await makePhotos(folder, count);
  return folder;
}

async function statesUntilDone(events: AsyncIterable<ServiceEvent>, id: JobId): Promise<string[]> {
  const states: string[] = [];
  for await (const event of events) {
    if (event.type !== 'job' || event.job.id !== id) continue;
    states.push(event.job.state);
    if (event.job.state === 'done') break;
  }
  return states;
}
