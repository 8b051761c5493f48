import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NotedReader } from '../../../../src-main/core/image/noted-reader.ts';
import { readNotes } from '../../../../src-main/domain/reading-notes.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** Starts reading a file and never ends, as at a crash. */
function crashAt(reader: NotedReader, path: string | Buffer): void {
  void reader.read(path, () => new Promise(() => undefined));
}

const read = (reader: NotedReader, path: string) => reader.read(path, () => Promise.resolve(`${path} read`));

test('what is open at a crash is suspected, and what crashes again, alone, is a culprit', async () => {
  const folder = join(tempFolder(), 'reading');
  const first = NotedReader.takeUp(folder);
  await read(first, 'good');
  crashAt(first, 'innocent');
  // Threads have readers of their own.
  crashAt(new NotedReader(first.spec), 'bad');

  const second = NotedReader.takeUp(folder);
  expect(['good', 'innocent', 'bad'].filter((path) => second.isSuspect(path))).toEqual(['innocent', 'bad']);
  expect(await read(second, 'innocent')).toBe('innocent read');
  expect(second.isSuspect('innocent')).toBe(false);
  crashAt(second, 'bad');

  const third = NotedReader.takeUp(folder);
  expect(third.isSuspect('bad')).toBe(false);
  await expect(read(third, 'bad')).rejects.toMatchObject({ problem: { code: 'crash' } });
  expect(await read(third, 'innocent')).toBe('innocent read');
  await expect(read(new NotedReader(third.spec), 'bad')).rejects.toMatchObject({ code: 'IMAGE_UNAVAILABLE' });

  // The next crash of the same job finds it known.
  crashAt(third, 'worse');
  const fourth = NotedReader.takeUp(folder);
  expect(fourth.isSuspect('worse')).toBe(true);
  await expect(read(fourth, 'bad')).rejects.toMatchObject({ problem: { code: 'crash' } });
});

test('suspects stay suspects until they have been read, however often the work is interrupted', () => {
  const folder = join(tempFolder(), 'reading');
  const first = NotedReader.takeUp(folder);
  crashAt(first, 'a');
  crashAt(first, Buffer.of(0xff, 0x61));
  NotedReader.takeUp(folder);
  const third = NotedReader.takeUp(folder);
  expect(third.isSuspect('a')).toBe(true);
  expect(third.isSuspect(Buffer.of(0xff, 0x61))).toBe(true);
});

test('a file that is read twice at a time is open until both are done, and one that fails is closed', async () => {
  const folder = join(tempFolder(), 'reading');
  const reader = NotedReader.takeUp(folder);
  crashAt(reader, 'twice');
  await read(reader, 'twice');
  await expect(reader.read('broken', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(readNotes(folder).open).toEqual([Buffer.from('twice').toString('base64')]);
});

test('notes that cannot be written or read change nothing', async () => {
  const folder = join(tempFolder(), 'reading');
  writeFileSync(folder, 'a file where the folder should be');
  expect(await read(NotedReader.takeUp(join(folder, 'below')), 'a')).toBe('a read');
  const damaged = join(tempFolder(), 'reading');
  mkdirSync(damaged);
  writeFileSync(join(damaged, 'x'), '{"open":[1]}');
  expect(readNotes(damaged)).toEqual({ open: [], alone: null, culprits: [] });
  expect(readdirSync(damaged)).toEqual(['x']);
  NotedReader.takeUp(damaged);
  expect(existsSync(join(damaged, 'x'))).toBe(false);
});
