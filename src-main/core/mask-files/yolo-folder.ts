import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { userError } from '../../contract/errors.ts';
import { contextOf, fromFile, type ReadOptions } from './file-context.ts';
import type { FileRecord } from './mask-record.ts';
import { readMaskFile } from './read-file.ts';
import { readYolo } from './yolo.ts';

/** A data.yaml takes a few kilobytes, with the names of thousands of classes. */
const MAX_YAML_BYTES = 1_000_000;
const SPLITS = ['train', 'val', 'valid', 'test'];

const Text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** A class without a name is called by its number. */
const Names = z
  .union([z.array(Text.nullable()), z.record(z.string(), Text.nullable())])
  .transform((names) => new Map(Object.entries(names).map(([number, name]) => [number, name ?? number])));
const DataYaml = z.object({ names: Names });

/** Most label files take a few kilobytes. */
const MAX_LABELS_BYTES = 50_000_000;

/**
 * The masks of a folder as Ultralytics reads it: label files, and a data.yaml that names the classes.
 * @param path of the folder, of its data.yaml, or of a file or folder below it
 * @throws UserError BAD_INPUT if there is no data.yaml, or one that cannot be read, or no label file
 */
export async function* readYoloFolder(path: string, options: ReadOptions): AsyncGenerator<FileRecord> {
  const { classNames, labels, root } = await openYoloFolder(path);
  for (const { path: file, imageName } of labels) {
    options.signal?.throwIfAborted();
    const context = contextOf(file, relative(root, file), options);
    const bytes = await readMaskFile(file, MAX_LABELS_BYTES);
    if (typeof bytes === 'string') yield { kind: 'problem', name: context.name, detail: bytes, file };
    else yield* fromFile(file, readYolo(bytes.toString('utf8'), { imageName, classNames }, context));
  }
  if (labels.length > 0) return;
  throw userError('no-yolo-labels', { path });
}

/** A label file, and the image that it is about: its path below the folder of its split, without extension. */
type YoloLabels = { path: string; imageName: string };

/** A folder as Ultralytics reads it. */
type YoloFolder = {
  /** Where the data.yaml is. */
  root: string;
  /** Names of classes by their number. */
  classNames: ReadonlyMap<string, string>;
  labels: YoloLabels[];
};

async function openYoloFolder(path: string): Promise<YoloFolder> {
  const yaml = await findYaml(path);
  if (yaml === undefined) {
    const list = await findAbove(path, isClassList);
    if (list !== undefined)
      return {
        root: dirname(list),
        classNames: await classNamesInList(list),
        labels: await labelsBelow(path),
      };
    throw userError('no-yolo-yaml', { path });
  }
  const root = dirname(yaml);
  return {
    root,
    classNames: await classNamesIn(yaml),
    labels: await labelsBelow(path === yaml ? root : path),
  };
}

const isYaml = (path: string) => /\.ya?ml$/i.test(path);

/** The path itself, or the first YAML file in the folder or one of three above it. */
async function findYaml(path: string): Promise<string | undefined> {
  return isYaml(path) ? path : await findAbove(path, isYaml);
}

/** Label Studio and X-AnyLabeling list the classes line by line, and write no data.yaml. */
const isClassList = (name: string) => /^classes\.txt$/i.test(name);

/** A file in a folder or one of three above it: the one called data, or else the first. */
async function findAbove(path: string, isIt: (name: string) => boolean): Promise<string | undefined> {
  let folder = path;
  for (let level = 0; level < 4; level++, folder = dirname(folder)) {
    const files = (await readdir(folder).catch((): string[] => [])).filter(isIt).sort();
    const file = files.find((name) => /^data\./i.test(name)) ?? files[0];
    if (file !== undefined) return join(folder, file);
  }
  return undefined;
}

async function classNamesInList(list: string): Promise<ReadonlyMap<string, string>> {
  const bytes = await readMaskFile(list, MAX_YAML_BYTES);
  if (typeof bytes === 'string') throw userError('yaml-unusable', { path: list, detail: bytes });
  const lines = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimEnd()
    .split(/\r?\n/);
  return new Map(lines.map((name, index) => [String(index), name.trim() || String(index)]));
}

async function classNamesIn(yaml: string): Promise<ReadonlyMap<string, string>> {
  const bytes = await readMaskFile(yaml, MAX_YAML_BYTES);
  if (typeof bytes === 'string') throw userError('yaml-unusable', { path: yaml, detail: bytes });
  const document = parseDocument(bytes.toString('utf8').replace(/^\ufeff/, ''), { logLevel: 'silent' });
  const [error] = document.errors;
  if (error) {
    const reason = error.message.split('\n')[0] ?? '';
    throw userError('yaml-invalid', { path: yaml, reason });
  }
  const { data } = DataYaml.safeParse(contentOf(document));
  if (data) return data.names;
  throw userError('yaml-classes', { path: yaml });
}

/** Aliases that stand for more than they may are refused when they are followed. */
function contentOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

async function labelsBelow(path: string): Promise<YoloLabels[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
  // A single file is no folder.
  const files = entries
    ? entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
    : [path];
  return files
    .filter((file) => extname(file).toLowerCase() === '.txt' && labelFolderOf(file) !== undefined)
    .filter((file) => !isClassList(basename(file)))
    .sort()
    .map((file) => ({ path: file, imageName: imageNameOf(file) }));
}

/** The last folder called `labels` above a file. */
function labelFolderOf(file: string): string | undefined {
  const folders = dirname(file).split(sep);
  const at = folders.findLastIndex((folder) => folder.toLowerCase() === 'labels');
  return at < 0 ? undefined : folders.slice(0, at + 1).join(sep);
}

/** `labels/train/NAME.txt` and `train/labels/NAME.txt` are about NAME. */
function imageNameOf(file: string): string {
  const parts = relative(labelFolderOf(file) ?? dirname(file), file).split(sep);
  const below = parts.length > 1 && SPLITS.includes(parts[0]?.toLowerCase() ?? '') ? parts.slice(1) : parts;
  const folders = below.slice(0, -1);
  return [...folders, basename(file, extname(file))].join('/');
}
