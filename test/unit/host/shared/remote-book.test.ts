import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Remote } from '../../../../src-main/contract/remote.ts';
import { RemoteBook, type Sealer } from '../../../../src-main/host/shared/remote-book.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const remote = (name: string): Remote => ({
  name,
  origin: 'http://127.0.0.1:41337',
  ssh: 'me@there',
  localPort: null,
  paths: [],
});

/** A key store that is easy to follow. */
const hex: Sealer = {
  seal: (text) => Promise.resolve(Buffer.from(text).toString('hex')),
  open: (sealed) => Promise.resolve(Buffer.from(sealed, 'hex').toString()),
};

describe('the book of other machines', () => {
  test('keeps machines by name, in a file for its owner only', async () => {
    const folder = tempFolder();
    const book = new RemoteBook(folder);
    expect(book.list()).toEqual([]);
    await book.add(remote('b'), 'token-b');
    await book.add(remote('a'), 'token-a');
    await book.add({ ...remote('b'), ssh: null }, 'token-c');
    expect(book.list()).toEqual([remote('a'), { ...remote('b'), ssh: null }]);
    expect(await new RemoteBook(folder).token('b')).toBe('token-c');
    expect(statSync(join(folder, 'remotes.json')).mode & 0o777).toBe(0o600);
  });

  test('changes and removes what it has, and names what it does not have', async () => {
    const book = new RemoteBook(tempFolder());
    await book.add(remote('a'), 'token');
    const paths = [{ here: '/x', there: '/y' }];
    expect(book.change('a', { localPort: 7, paths })).toEqual({ ...remote('a'), localPort: 7, paths });
    expect(book.get('a').localPort).toBe(7);
    expect(await book.token('a')).toBe('token');
    book.remove('a');
    await expect(book.token('a')).rejects.toThrow("not paired with one called 'a'");
    for (const ask of [() => book.get('a'), () => book.remove('a')])
      expect(ask).toThrow("not paired with one called 'a'");
  });

  test('writes a token sealed where the system can seal, and says who could open it', async () => {
    const folder = tempFolder();
    await new RemoteBook(folder, hex).add(remote('a'), 'secret');
    expect(readFileSync(join(folder, 'remotes.json'), 'utf8')).not.toContain('secret');
    expect(await new RemoteBook(folder, hex).token('a')).toBe('secret');
    await expect(new RemoteBook(folder).token('a')).rejects.toThrow('stored by the desktop app');
  });

  test('does not overwrite a file that it cannot read', async () => {
    const folder = tempFolder();
    const file = join(folder, 'remotes.json');
    writeFileSync(file, '[{"name": 3}]');
    const book = new RemoteBook(folder);
    await expect(book.add(remote('a'), 'token')).rejects.toThrow('remotes.json, cannot be read');
    expect(readFileSync(file, 'utf8')).toBe('[{"name": 3}]');
  });
});
