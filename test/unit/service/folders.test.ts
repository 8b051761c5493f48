import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { givenPath } from '../../../src-main/domain/given-path.ts';
import { makePhotos } from '../../support/photo-folder.ts';
import { startService, waitForState } from '../../support/running-service.ts';
import { tempFolder } from '../../support/temp-folder.ts';

describe('a path that a person gives', () => {
  test('begins with the home folder where it begins with ~, and is never relative', () => {
    expect(givenPath('~')).toBe(homedir());
    expect(givenPath('~/photos')).toBe(join(homedir(), 'photos'));
    expect(givenPath(join(homedir(), 'a', '..', 'b'))).toBe(join(homedir(), 'b'));
    for (const path of ['photos', './photos', '../photos', '~somebody/photos'])
      expect(() => givenPath(path)).toThrow(/is not a complete path/);
  });

  test('is refused by every method that takes one, where it is relative', async () => {
    const { client } = startService();
    const refused = { code: 'BAD_INPUT', message: "'photos' is not a complete path." };
    await expect(client.collections.add({ path: 'photos' })).rejects.toMatchObject(refused);
    await expect(client.models.inspect({ path: 'photos' })).rejects.toMatchObject(refused);
    await expect(client.models.import({ path: 'photos' })).rejects.toMatchObject(refused);
    await expect(client.system.checkOutput({ path: 'photos' })).rejects.toMatchObject(refused);
    await expect(client.system.folder({ path: 'photos' })).rejects.toMatchObject(refused);
  });
});

describe('a folder that is listed for choosing one', () => {
  test('shows folders and files as people sort them, without hidden ones', async () => {
    const { client } = startService();
    const folder = tempFolder();
    for (const name of ['photos 10', 'photos 2', '.hidden']) mkdirSync(join(folder, name));
    for (const name of ['b.jpg', 'a.jpg', '.secret']) writeFileSync(join(folder, name), '');
    symlinkSync(join(folder, 'photos 2'), join(folder, 'link'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'broken'));
    expect(await client.system.folder({ path: folder })).toEqual({
      path: folder,
      parent: dirname(folder),
      home: homedir(),
      folders: ['link', 'photos 2', 'photos 10'],
      files: ['a.jpg', 'b.jpg', 'broken'],
      isCut: false,
    });
    expect(await client.system.folder({ path: '/' })).toMatchObject({ parent: null });
    expect(await client.system.folder({ path: null })).toMatchObject({ path: homedir() });
  });

  test('says what is wrong with one that cannot be listed', async () => {
    const { client, bugs } = startService();
    const folder = tempFolder();
    writeFileSync(join(folder, 'a.jpg'), '');
    await expect(client.system.folder({ path: join(folder, 'a.jpg') })).rejects.toMatchObject({ code: 'NOT_A_FOLDER' }); // prettier-ignore
    await expect(client.system.folder({ path: join(folder, 'b') })).rejects.toMatchObject({ code: 'FOLDER_NOT_FOUND' }); // prettier-ignore
    expect(bugs).toEqual([]);
  });
});

describe('an error that something can be done about', () => {
  test('says what as data, which a page and the command line offer in their own way', async () => {
    const { client } = startService();
    const path = tempFolder();
    await makePhotos(path, 1);
    const { collection, job } = await client.collections.add({ path });
    await waitForState(client, job.id, 'done');
    await expect(client.collections.add({ path })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      data: {
        hint: 'Scan it again instead.',
        text: { key: 'collection-exists', values: { path, name: collection.name, id: collection.id } },
        action: { kind: 'rescan', collectionId: collection.id },
      },
    });
  });
});
