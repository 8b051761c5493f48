import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Export } from '../contract/export.ts';
import { ExportId } from '../contract/ids.ts';
import { userError } from '../contract/errors.ts';
import { MANIFEST_NAMES } from '../domain/export-plan.ts';
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
 * @throws UserError NOT_FOUND where there is no such export, it has not finished, or its files are gone, also if another
 *   export or something else is in their place
 */
export async function exportArchive({ store }: Service, id: ExportId): Promise<ExportArchive> {
  const found = store.exports.get(id);
  if (!found?.result) throw userError('no-export', { id });
  const { outPath } = found.options;
  const root = await stat(outPath).catch(() => undefined);
  if (!root || (root.isDirectory() && !(await isExport(outPath, found))))
    throw userError('no-export', { id });
  // A name that is not valid Unicode has no place in a header.
  const name = basename(outPath).toWellFormed();
  const entries = root.isFile() ? filesAt(outPath, name) : filesIn(outPath, name);
  return { name: `${name}.zip`, bytes: zipOf(entries) };
}

/** What an export says of itself in its folder. */
const Manifest = z.object({ exportId: z.number(), startedAtMs: z.number() });

async function isExport(folder: string, { id, createdAtMs }: Export): Promise<boolean> {
  const texts = await Promise.all(
    MANIFEST_NAMES.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')),
  );
  const manifest = Manifest.safeParse(parsedJson(texts.find((text) => text !== '') ?? '')).data;
  return manifest?.exportId === id && manifest.startedAtMs === createdAtMs;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Files of a folder and all below it, in a settled order. An export makes no links, which could lead anywhere. */
async function* filesIn(folder: string, prefix: string): AsyncGenerator<ZipEntry> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const [path, name] = [join(folder, entry.name), `${prefix}/${entry.name}`];
    if (entry.isDirectory()) yield* filesIn(path, name);
    else if (entry.isFile()) yield* filesAt(path, name);
  }
}

async function* filesAt(path: string, name: string): AsyncGenerator<ZipEntry> {
  const { size, mtime } = await stat(path);
  yield { name, sizeBytes: size, changedAt: mtime, open: () => createReadStream(path) };
}
