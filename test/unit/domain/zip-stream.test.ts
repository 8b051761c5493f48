import { unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { zipOf, type ZipEntry } from '../../../src-main/domain/zip-stream.ts';

const changedAt = new Date(2026, 10, 30, 12, 34, 56);

async function zipped(entries: readonly Omit<ZipEntry, 'changedAt'>[]): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const bytes of zipOf(entries.map((entry) => ({ ...entry, changedAt })))) all.push(bytes);
  return Buffer.concat(all);
}

const parts = (...texts: string[]): Uint8Array[] => texts.map((text) => Buffer.from(text));

test('a ZIP file contains every file under its name, as other programs read it', async () => {
  const bytes = await zipped([
    { name: 'things/Ähren/1.txt', sizeBytes: 8, open: () => parts('four', 'four') },
    { name: 'things/empty.txt', sizeBytes: 0, open: () => parts() },
  ]);
  const files = unzipSync(bytes);
  expect(Object.keys(files)).toEqual(['things/Ähren/1.txt', 'things/empty.txt']);
  expect(Buffer.from(files['things/Ähren/1.txt'] ?? []).toString()).toBe('fourfour');
});

test('a file whose size needs 64 bits, or an archive of many files, is read too', async () => {
  const large = await zipped([{ name: 'a', sizeBytes: 2 ** 33, open: () => parts('as if it were large') }]);
  expect(Buffer.from(unzipSync(large).a ?? []).toString()).toBe('as if it were large');
  const many = await zipped(
    Array.from({ length: 65_600 }, (_, at) => ({ name: `${at}`, sizeBytes: 1, open: () => parts('x') })),
  );
  expect(Object.keys(unzipSync(many))).toHaveLength(65_600);
});
