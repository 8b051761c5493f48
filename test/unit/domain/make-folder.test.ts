import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolder, makeFolderSync } from '../../../src-main/domain/make-folder.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const sync = async (path: string) => {
  await Promise.resolve();
  makeFolderSync(path);
};

describe.each([
  ['makeFolder', makeFolder],
  ['makeFolderSync', sync],
])('%s', (_, make) => {
  test('makes all folders of a path, once and again', async () => {
    const path = join(tempFolder(), 'a/b/c');
    await make(path);
    await make(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  test('takes a link to a folder for one', async () => {
    const out = tempFolder();
    mkdirSync(join(out, 'real'));
    symlinkSync('real', join(out, 'link'));
    await make(join(out, 'link/new'));
    expect(statSync(join(out, 'real/new')).isDirectory()).toBe(true);
  });

  test('says what is in the way', async () => {
    const out = tempFolder();
    writeFileSync(join(out, 'file'), '');
    symlinkSync('nowhere', join(out, 'dangling'));
    await expect(make(join(out, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(make(join(out, 'file/new'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(make(join(out, 'dangling/new'))).rejects.toMatchObject({ code: 'EEXIST' });
  });

  test('is made by many at once', async () => {
    const path = join(tempFolder(), 'a/b/c');
    await Promise.all(Array.from({ length: 20 }, () => make(path)));
    expect(statSync(path).isDirectory()).toBe(true);
  });

  test.skipIf(process.platform !== 'linux')('ends where a file system takes no folders', async () => {
    await expect(make('/proc/none/deep')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test('makeFolder is not disturbed by one that removes folders', async () => {
  const out = tempFolder();
  const stop = new AbortController();
  let made = 0;
  // By the count of folders, not by time: on a slow machine one would meet more removals than it withstands.
  const removing = (async () => {
    for (let removedAt = 0; !stop.signal.aborted;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (made - removedAt < 20) continue;
      removedAt = made;
      rmSync(join(out, 'a'), { recursive: true, force: true, maxRetries: 5 });
    }
  })();
  const making = Array.from({ length: 8 }, async (_, maker) => {
    for (let step = 0; step < 200; step++, made++) await makeFolder(join(out, `a/${step % 3}/${maker % 2}`));
  });
  await Promise.all(making).finally(() => stop.abort());
  await removing;
});

test('makeFolder says whether the folder is new', async () => {
  const path = join(tempFolder(), 'new');
  expect(await makeFolder(path)).toBe(true);
  expect(await makeFolder(path)).toBe(false);
});

test('makeFolderSync gives new folders the rights that it is told', () => {
  const path = join(tempFolder(), 'a/b');
  makeFolderSync(path, 0o700);
  if (process.platform !== 'win32') expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
});
