import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../contract/errors.ts';
import { MaskFileFormat } from '../../contract/mask-import.ts';
import { readJson } from './read-json.ts';
import { readXml } from './read-xml.ts';
import { isVocFolder } from './voc-folder.ts';
import { walkFiles } from './walk-files.ts';

/** How many files are looked into before a folder counts as none of a known format. */
const FILES_TRIED = 20;

const has = (...names: string[]) =>
  z.looseObject(Object.fromEntries(names.map((name) => [name, z.unknown()])));
const TASK = z.union([has('data'), has('annotation_id'), has('image', 'id')]);
/** What distinguishes the content of JSON files. */
const CONTENTS: readonly [MaskFileFormat, z.ZodType][] = [
  ['coco', has('images', 'annotations')],
  ['labelme', has('shapes', 'imagePath')],
  ['datumaro', has('items')],
  ['label-studio', z.union([z.array(TASK).min(1), TASK])],
];

/**
 * The format of a file or folder, where its names or its content show it.
 * @throws UserError BAD_INPUT if they do not; the signal's reason when aborted
 */
export async function detectFormat(
  path: string,
  { isFolder, signal }: { isFolder: boolean; signal: AbortSignal | undefined },
): Promise<MaskFileFormat> {
  const found = isFolder ? await formatOfFolder(path, signal) : await formatOfFile(path);
  if (found) return found;
  throw new UserError('BAD_INPUT', `The format of ${path} is not recognized.`, {
    hint: `Choose it with --format: ${MaskFileFormat.options.filter((format) => format !== 'auto').join(', ')}.`,
  });
}

async function formatOfFolder(
  path: string,
  signal: AbortSignal | undefined,
): Promise<MaskFileFormat | undefined> {
  const names = await readdir(path).catch((): string[] => []);
  if (await isVocFolder(path)) return 'voc';
  if (names.some((name) => /^data\.ya?ml$/i.test(name))) return 'yolo';
  if (names.includes('classes.json')) return 'index-png';
  if (names.includes('masks.csv')) return 'binary-png';
  let tried = 0;
  for await (const entry of walkFiles(path, { signal })) {
    if (entry.problem !== undefined || !/\.(json|xml)$/i.test(entry.path)) continue;
    const format = await formatOfFile(entry.path);
    if (format) return format;
    if (++tried === FILES_TRIED) return undefined;
  }
  return undefined;
}

async function formatOfFile(path: string): Promise<MaskFileFormat | undefined> {
  const extension = extname(path).toLowerCase();
  if (extension === '.xml') return (await rootOf(path)) === 'annotations' ? 'cvat' : undefined;
  if (extension === '.yaml' || extension === '.yml' || extension === '.txt') return 'yolo';
  if (extension !== '.json') return undefined;
  const file = await readJson(path);
  if (typeof file === 'string') return undefined;
  return CONTENTS.find(([, content]) => content.safeParse(file.json).success)?.[0];
}

/** The outermost tag of an XML file. */
async function rootOf(path: string): Promise<string | undefined> {
  for await (const tags of readXml(path)) {
    const [root] = tags;
    if (root) return root.kind === 'open' ? root.name : undefined;
  }
  return undefined;
}
