import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isSameFolder } from '../../../src-main/domain/folder-identity.ts';
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

/** A second name of a folder, as other letters are where case does not count; undefined where we may not mount. */
function secondNameOf(folder: string): string | undefined {
  const name = tempFolder();
  if (spawnSync('mount', ['--bind', folder, name]).status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', [name]));
  return name;
}

describe('a folder that has a second name', () => {
  test('is the same folder', () => {
    const folder = tempFolder();
    const link = join(tempFolder(), 'link');
    symlinkSync(folder, link);
    expect(isSameFolder(folder, link)).toBe(true);
    expect(isSameFolder(folder, dirname(folder))).toBe(false);
    expect(isSameFolder(join(folder, 'nowhere'), join(folder, 'nowhere else'))).toBe(false);
  });

  test('is not added twice, nor holds the data folder unnoticed', async ({ skip }) => {
    const { client, service } = startService();
    const folder = tempFolder();
    await makePhotos(folder, 1);
    const second = secondNameOf(folder) ?? skip('may not mount a folder at a second place here');
    const { job } = await client.collections.add({ path: folder });
    await waitForState(client, job.id, 'done');
    await expect(client.collections.add({ path: second })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    const home = secondNameOf(dirname(service.layout.folder)) ?? skip('may not mount');
    await expect(client.collections.add({ path: home })).rejects.toMatchObject({ code: 'FOLDER_OVERLAPS' });
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
