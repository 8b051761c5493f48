import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { readCsv } from './read-csv.ts';
import { readOptionalFile } from './read-file.ts';
import { parseJson } from './read-json.ts';

/** The list of a few thousand classes takes some hundred kilobytes; that of a million masks, 200 MB. */
const MAX_LIST_BYTES = 300_000_000;
/** `masks/SPLIT/NAME` is three levels below the lists. */
const LEVELS_ABOVE = 3;
/** Cityscapes numbers an object as 1000 times its class and its place in the class. */
const OBJECTS_PER_CLASS = 1_000;

const Classes = z.array(z.object({ id: z.number(), name: z.string() }));

/** Finds the names of classes next to mask pictures, as exports list them. */
export type ClassFinder = {
  /** By the number in a picture of classes, or of objects as Cityscapes numbers them. */
  ofNumber: (number: number) => string | null;
  /** By the file of one object. */
  ofFile: (path: string) => string | null;
};

/**
 * Reads `classes.json` and `masks.csv` of a folder or of one of three above it.
 * @returns null for what they do not name, and for everything if they do not exist
 */
export async function findClasses(path: string): Promise<ClassFinder> {
  const names = new Map<number, string>();
  const files = new Map<string, string>();
  let folder = path;
  for (let level = 0; level <= LEVELS_ABOVE && names.size + files.size === 0; level++) {
    await readClassesJson(folder, names);
    await readMasksCsv(folder, files);
    folder = dirname(folder);
  }
  return {
    ofNumber: (number) => names.get(number) ?? names.get(Math.floor(number / OBJECTS_PER_CLASS)) ?? null,
    ofFile: (file) => files.get(resolve(file)) ?? null,
  };
}

async function readClassesJson(folder: string, names: Map<number, string>): Promise<void> {
  const bytes = await readOptionalFile(join(folder, 'classes.json'), MAX_LIST_BYTES);
  const parsed = Buffer.isBuffer(bytes) ? parseJson(bytes) : '';
  const classes = Classes.safeParse(typeof parsed === 'string' ? undefined : parsed.json);
  for (const { id, name } of classes.data ?? []) names.set(id, name);
}

async function readMasksCsv(folder: string, files: Map<string, string>): Promise<void> {
  const bytes = await readOptionalFile(join(folder, 'masks.csv'), MAX_LIST_BYTES);
  const rows = Buffer.isBuffer(bytes) ? (readCsv(bytes.toString('utf8'), ['file', 'class']) ?? []) : [];
  for (const row of rows) files.set(resolve(folder, row.file), row.class);
}
