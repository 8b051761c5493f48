import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ExportId } from '../contract/ids.ts';
import { userError } from '../contract/errors.ts';
import { zipOf, type ZipEntry } from '../domain/zip-stream.ts';
import type { Service } from './service.ts';

/** An export as one file. */
export type ExportArchive = { name: string; bytes: AsyncIterable<Uint8Array> };

/** The export that a path asks for: `/exports/ID/archive.zip`, and nothing else. */
export function parseArchivePath(path: string): ExportId | undefined {
  const match = /^\/exports\/(\d{1,15})\/archive\.zip$/.exec(path);
  return ExportId.safeParse(Number(match?.[1])).data;
}

/**
 * Everything that an export has written, read as it is sent: nothing is kept on the disk or in memory.
 * @throws UserError NOT_FOUND where there is no such export, it has not finished, or its files are gone
 */
export async function exportArchive({ store }: Service, id: ExportId): Promise<ExportArchive> {
  const found = store.exports.get(id);
  if (!found?.result) throw userError('no-export', { id });
  const { outPath } = found.options;
  const root = await stat(outPath).catch(() => undefined);
  if (!root) throw userError('no-export', { id });
  const name = basename(outPath);
  const entries = root.isFile() ? filesAt(outPath, name) : filesIn(outPath, name);
  return { name: `${name}.zip`, bytes: zipOf(entries) };
}

/** Files of a folder and all below it, in a settled order. Links to images that an export made stand for the images. */
async function* filesIn(folder: string, prefix: string): AsyncGenerator<ZipEntry> {
  const names = (await readdir(folder)).sort();
  for (const name of names) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) yield* filesIn(path, `${prefix}/${name}`);
    else if (found?.isFile()) yield* filesAt(path, `${prefix}/${name}`);
  }
}

async function* filesAt(path: string, name: string): AsyncGenerator<ZipEntry> {
  const { size, mtime } = await stat(path);
  yield { name, sizeBytes: size, changedAt: mtime, open: () => createReadStream(path) };
}
