import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../../../src-main/contract/errors.ts';
import { writeTextAtomically } from '../../../../src-main/core/weights/atomic-file.ts';
import { RandomAccessFile } from '../../../../src-main/core/weights/random-access-file.ts';
import { translateFileError } from '../../../../src-main/core/weights/weights-error.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { canMakeDisks, diskReason, tinyDisk } from '../../../support/tiny-disk.ts';

test.each(['EIO', 'ESTALE', 'ETIMEDOUT', 'ENODEV', 'ECONNRESET', 'EACCES', 'ENOTSUP', 'EWHATEVER'])(
  '%s of a file is an error that a person can act on',
  (code) => {
    const error = Object.assign(new Error(code), { code, syscall: 'read' });
    expect(translateFileError(error, '/mnt/w.onnx')).toMatchObject({
      code: 'FILE_UNUSABLE',
      message: `/mnt/w.onnx cannot be read or written (${code}).`,
      hint: expect.stringContaining('drive') as string,
    });
  },
);

test('a bug stays a bug, and a user error what it is', () => {
  const bug = new TypeError('no');
  expect(translateFileError(bug, '/w')).toBe(bug);
  const known = new UserError('WEIGHTS_DAMAGED', 'cut');
  expect(translateFileError(known, '/w')).toBe(known);
});

test('a file whose handle fails while it is read names the file', async () => {
  const path = join(tempFolder(), 'w.bin');
  await writeTextAtomically(path, 'weights');
  const file = await RandomAccessFile.open(path);
  expect((await file.read(0, 7)).length).toBe(7);
  await file[Symbol.asyncDispose]();
  // The handle is gone, as that of a file on a drive that was pulled out.
  await expect(file.read(0, 7)).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: expect.stringContaining(path) as string,
  });
});

test.each([255, 240, 10])('a file with a name of %i bytes is written whole', async (length) => {
  const folder = tempFolder();
  const name = 'é'.repeat(Math.floor(length / 2)).padEnd(Math.ceil(length / 2), 'x');
  await writeTextAtomically(join(folder, name), 'text');
  expect(readdirSync(folder)).toEqual([name]);
  expect(readFileSync(join(folder, name), 'utf8')).toBe('text');
});

test.skipIf(!canMakeDisks)(`a full drive is named, and leaves nothing behind${diskReason}`, async () => {
  const folder = tinyDisk(64);
  await expect(writeTextAtomically(join(folder, 'out.json'), 'x'.repeat(200_000))).rejects.toMatchObject({
    code: 'DISK_FULL',
  });
  expect(readdirSync(folder)).toEqual([]);
});
