import { readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { MANIFEST_NAMES } from '../../domain/export-plan.ts';
import { readCsv } from '../../core/mask-files/read-csv.ts';

/** Which image a name in an export stands for. */
type ListedImage = { relPath: string; contentHash: string };

/** An export of the app, as its list and its manifest describe it. */
export type ExportList = {
  /** Where the list is. */
  path: string;
  /** Null without a manifest. */
  manifest: { exportId: number; startedAtMs: number } | null;
  /** By its name, and if its file is in the export, by the path and the name of that. */
  byName: ReadonlyMap<string, ListedImage>;
};

/** More than the list of any export. */
const MAX_BYTES = 500_000_000;
const LIST_NAME = 'images.csv';
const COLUMNS = ['name', 'file', 'original', 'sha256'] as const;
const Manifest = z.object({ exportId: z.number(), startedAtMs: z.number() });

/** The exports that files are in: the list of each is looked for in the folder of the file and in those above it. */
export class ExportLists {
  readonly #byFolder = new Map<string, ExportList | undefined>();

  /** The export that a file is in; undefined if it is in none. */
  of(file: string): ExportList | undefined {
    return this.#in(dirname(file));
  }

  #in(folder: string): ExportList | undefined {
    if (this.#byFolder.has(folder)) return this.#byFolder.get(folder);
    const parent = dirname(folder);
    const list = readList(folder) ?? (parent === folder ? undefined : this.#in(parent));
    this.#byFolder.set(folder, list);
    return list;
  }
}

function readList(folder: string): ExportList | undefined {
  const path = join(folder, LIST_NAME);
  const text = readText(path);
  const rows = text === undefined ? undefined : readCsv(text, COLUMNS);
  if (!rows) return undefined;
  const byName = new Map<string, ListedImage>();
  for (const { name, file, original, sha256 } of rows) {
    const image = { relPath: original, contentHash: sha256 };
    const names = isAbsolute(file) ? [name] : [name, file, basename(file)];
    for (const one of names) byName.set(one.normalize(), image);
  }
  return { path, byName, manifest: readManifest(folder) };
}

function readManifest(folder: string): ExportList['manifest'] {
  for (const name of MANIFEST_NAMES) {
    const text = readText(join(folder, name));
    if (text === undefined) continue;
    try {
      return Manifest.parse(JSON.parse(text));
    } catch {
      return null;
    }
  }
  return null;
}

function readText(path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    return bytes.length <= MAX_BYTES ? bytes.toString('utf8') : undefined;
  } catch {
    return undefined;
  }
}
