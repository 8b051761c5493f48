import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { errnoOf, isDiskFull } from '../../../src-main/domain/system-errors.ts';

/** An error of the operating system, as Node makes it. */
const systemError = (code: string) => Object.assign(new Error(code), { code, syscall: 'write' });

test.each([
  ['a full drive', systemError('ENOSPC'), true],
  ['a used up quota', systemError('EDQUOT'), true],
  ['a full database', new Database.SqliteError('database or disk is full', 'SQLITE_FULL'), true],
  ['a failing drive', systemError('EIO'), false],
  ['a bug', new TypeError('no'), false],
  ['a string', 'ENOSPC', false],
])('of %s', (_, error, isFull) => {
  expect(isDiskFull(error)).toBe(isFull);
});

test('the code of a system error is known, and other errors have none', () => {
  const codeOf = (path: string) => {
    try {
      return readFileSync(path).length;
    } catch (error) {
      return errnoOf(error);
    }
  };
  expect(codeOf('/no/such/file')).toBe('ENOENT');
  expect(codeOf('a\0b')).toBeUndefined();
  expect(errnoOf(Object.assign(new Error(), { code: 'SQLITE_FULL' }))).toBeUndefined();
});
