import { readdir } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { z } from 'zod';
import { readJson } from './read-json.ts';

const INSTANCES = 'instances';
const LABELS = 'labels';
/** Cityscapes numbers an object as 1000 times its class and its place in the class. */
const OBJECTS_A_CLASS = 1_000;
const ClassList = z.array(z.object({ id: z.number(), name: z.string() }));

/** Where the label PNGs of a folder are, and the names of their classes by number. */
export type IndexFolder = { folder: string; classOf: (number: number) => string | null };

/**
 * The objects of an export as label PNGs: those in `instances`, or else the classes in `labels`, named by the
 * classes.json next to them.
 * @param path the folder with the classes.json, or a folder below it
 * @returns undefined if there is no classes.json
 */
export async function openIndexFolder(path: string): Promise<IndexFolder | undefined> {
  const classes = await findClasses(path);
  if (!classes) return undefined;
  const names = await readdir(path).catch((): string[] => []);
  const inner = [INSTANCES, LABELS].find((name) => names.includes(name));
  const folder = inner === undefined ? path : join(path, inner);
  const hasObjects = folder.split(sep).includes(INSTANCES);
  const classOf = (number: number) =>
    classes.get(hasObjects && number >= OBJECTS_A_CLASS ? Math.floor(number / OBJECTS_A_CLASS) : number) ??
    null;
  return { folder, classOf };
}

/** The classes.json of a folder, or of one of two above it. */
async function findClasses(path: string): Promise<ReadonlyMap<number, string> | undefined> {
  let folder = path;
  for (let level = 0; level < 3; level++, folder = dirname(folder)) {
    const names = await readdir(folder).catch((): string[] => []);
    if (!names.includes('classes.json')) continue;
    const file = await readJson(join(folder, 'classes.json'));
    const { data } = ClassList.safeParse(typeof file === 'string' ? undefined : file.json);
    if (data) return new Map(data.map(({ id, name }) => [id, name]));
  }
  return undefined;
}
