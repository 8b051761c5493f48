import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import { z } from 'zod';
import { userError } from '../../contract/errors.ts';
import { MaskFileFormat } from '../../contract/mask-import.ts';
import type { KnownFormat } from './file-context.ts';
import { foreignFormat } from './foreign-format.ts';
import { readJson } from './read-json.ts';
import { readXml } from './read-xml.ts';
import { isVocFolder } from './voc-folder.ts';
import { walkFiles } from './walk-files.ts';
import { isClassList } from './yolo-folder.ts';

/** How many files are looked into before a folder counts as none of a known format. */
const FILES_TRIED = 20;

const has = (...names: string[]) =>
  z.looseObject(Object.fromEntries(names.map((name) => [name, z.unknown()])));
const TASK = z.union([has('data'), has('annotation_id'), has('image', 'id')]);
/** What distinguishes the content of JSON files. */
const CONTENTS: readonly [KnownFormat, z.ZodType][] = [
  ['coco', has('images', 'annotations')],
  ['labelme', has('shapes')],
  ['datumaro', has('items')],
  ['label-studio', z.union([z.array(TASK).min(1), TASK])],
];

/** A format, and what was parsed to recognize it, by the path of the file: large files take minutes. */
export type DetectedFormat = { format: KnownFormat; parsed: Map<string, unknown> };

/**
 * The format of a file or folder, where its names or its content show it.
 * @throws UserError BAD_INPUT if they do not; the signal's reason when aborted
 */
export async function detectFormat(
  path: string,
  { isFolder, signal }: { isFolder: boolean; signal: AbortSignal | undefined },
): Promise<DetectedFormat> {
  const found = isFolder ? await formatOfFolder(path, signal) : await formatOfFile(path);
  if (found) return found;
  const foreign = await foreignFormat(path, { isFolder, signal });
  if (foreign) throw foreign;
  throw userError('mask-format-unknown', {
    path,
    formats: MaskFileFormat.options.filter((format) => format !== 'auto').join(', '),
  });
}

const byName = (format: KnownFormat): DetectedFormat => ({ format, parsed: new Map() });

async function formatOfFolder(
  path: string,
  signal: AbortSignal | undefined,
): Promise<DetectedFormat | undefined> {
  const names = await readdir(path).catch((): string[] => []);
  if (await isVocFolder(path)) return byName('voc');
  if (names.some((name) => /^data\.ya?ml$/i.test(name))) return byName('yolo');
  if (names.some(isClassList) && names.some(isYoloPart)) return byName('yolo');
  if (names.includes('classes.json')) return byName('index-png');
  if (names.includes('masks.csv')) return byName('binary-png');
  let tried = 0;
  for await (const entry of walkFiles(path, { signal })) {
    if (entry.problem !== undefined || !/\.(json|xml)$/i.test(entry.path)) continue;
    const found = await formatOfFile(entry.path);
    if (found) return found;
    if (++tried === FILES_TRIED) return undefined;
  }
  return undefined;
}

/** What is next to a list of classes: a folder of labels, the list of darknet's images, or labels. */
const isYoloPart = (name: string) =>
  /^labels$|^obj\.data$/i.test(name) || (/\.txt$/i.test(name) && !isClassList(name));

async function formatOfFile(path: string): Promise<DetectedFormat | undefined> {
  const extension = extname(path).toLowerCase();
  if (extension === '.xml') return (await rootOf(path)) === 'annotations' ? byName('cvat') : undefined;
  if (extension === '.yaml' || extension === '.yml' || extension === '.txt') return byName('yolo');
  if (extension !== '.json') return undefined;
  const file = await readJson(path);
  if (typeof file === 'string') return undefined;
  const format = CONTENTS.find(([, content]) => content.safeParse(file.json).success)?.[0];
  return format && { format, parsed: new Map([[path, file.json]]) };
}

/** The outermost tag of an XML file. */
async function rootOf(path: string): Promise<string | undefined> {
  for await (const tags of readXml(path)) {
    const [root] = tags;
    if (root) return root.kind === 'open' ? root.name : undefined;
  }
  return undefined;
}
