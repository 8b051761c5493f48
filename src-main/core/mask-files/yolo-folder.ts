import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { userError } from '../../contract/errors.ts';
import { contextOf, fromFile, type ReadOptions } from './file-context.ts';
import type { FileRecord } from './mask-record.ts';
import { readMaskFile } from './read-file.ts';
import { ScorePlaces, type ScorePlace } from './score-place.ts';
import type { KeypointShape } from './yolo-pose.ts';
import { readYolo } from './yolo.ts';

/** A data.yaml takes a few kilobytes, with the names of thousands of classes. */
const MAX_YAML_BYTES = 1_000_000;
const SPLITS = ['train', 'val', 'valid', 'test'];

const Text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** A class without a name is called by its number. */
const Names = z
  .union([z.array(Text.nullable()), z.record(z.string(), Text.nullable())])
  .transform((names) => new Map(Object.entries(names).map(([number, name]) => [number, name ?? number])));
/** Of datasets for poses: how many keypoints, and how many numbers each has. */
const KptShape = z
  .tuple([z.int().positive(), z.literal([2, 3])])
  .transform(([count, numbers]): KeypointShape => ({ count, hasVisibility: numbers === 3 }));
const DataYaml = z.object({ names: Names, kpt_shape: KptShape.nullable().catch(null).default(null) });

/** Most label files take a few kilobytes. */
const MAX_LABELS_BYTES = 50_000_000;

/**
 * The masks of a folder as Ultralytics reads it: label files, and a data.yaml that names the classes. Folders of darknet
 * and LabelImg have a list of the classes, and label files next to the images: their rows are boxes, as a rule.
 * @param path of the folder, of its data.yaml, or of a file or folder below it
 * @throws UserError BAD_INPUT if there is no data.yaml or list of classes, or one that cannot be read, or no label file
 */
export async function* readYoloFolder(path: string, options: ReadOptions): AsyncGenerator<FileRecord> {
  const { labels, root, ...dataset } = await openYoloFolder(path);
  const scorePlace = await scorePlaceIn(labels, options);
  for (const { path: file, imageName } of labels) {
    options.signal?.throwIfAborted();
    const context = contextOf(file, relative(root, file), options);
    const bytes = await readMaskFile(file, MAX_LABELS_BYTES);
    if (typeof bytes === 'string') yield { kind: 'problem', name: context.name, detail: bytes, file };
    else
      yield* fromFile(file, readYolo(bytes.toString('utf8'), { ...dataset, imageName, scorePlace }, context));
  }
  if (labels.length > 0) return;
  throw userError('no-yolo-labels', { path });
}

/** Where the scores of a folder are; see `ScorePlaces`. */
async function scorePlaceIn(labels: readonly YoloLabels[], { signal }: ReadOptions): Promise<ScorePlace> {
  const places = new ScorePlaces();
  for (const { path } of labels) {
    signal?.throwIfAborted();
    const bytes = await readMaskFile(path, MAX_LABELS_BYTES);
    if (typeof bytes !== 'string') places.add(bytes.toString('utf8'));
  }
  return places.place;
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
  keypoints: KeypointShape | null;
};

async function openYoloFolder(path: string): Promise<YoloFolder> {
  const yaml = await findYaml(path);
  if (yaml === undefined) {
    const list = await findAbove(path, isClassList);
    if (list !== undefined) {
      const labels = await labelsBelow(path);
      return {
        root: dirname(list),
        classNames: await classNamesInList(list),
        keypoints: null,
        labels: labels.length > 0 ? labels : await labelsNextToImages(path, dirname(list)),
      };
    }
    throw userError('no-yolo-yaml', { path });
  }
  const root = dirname(yaml);
  return {
    root,
    ...(await readYaml(yaml)),
    labels: await labelsBelow(path === yaml ? root : path),
  };
}

const isYaml = (path: string) => /\.ya?ml$/i.test(path);

/** The path itself, or the first YAML file in the folder or one of three above it. */
async function findYaml(path: string): Promise<string | undefined> {
  return isYaml(path) ? path : await findAbove(path, isYaml);
}

/** Label Studio, X-AnyLabeling and LabelImg list the classes line by line, as darknet does in `obj.names`, and write no data.yaml. */
export const isClassList = (name: string) => /^classes\.txt$|\.names$/i.test(name);
/** What darknet has its lists of images in. */
const isImageList = (name: string) => /^(train|val|valid|test)\.txt$/i.test(name);
/** Where CVAT and darknet have their images. */
const IMAGE_FOLDERS = /^(data\/)?(obj_[^/]*data|obj|img|images)\//i;

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

async function readYaml(yaml: string): Promise<Pick<YoloFolder, 'classNames' | 'keypoints'>> {
  const bytes = await readMaskFile(yaml, MAX_YAML_BYTES);
  if (typeof bytes === 'string') throw userError('yaml-unusable', { path: yaml, detail: bytes });
  const document = parseDocument(bytes.toString('utf8').replace(/^\ufeff/, ''), { logLevel: 'silent' });
  const [error] = document.errors;
  if (error) {
    const reason = error.message.split('\n')[0] ?? '';
    throw userError('yaml-invalid', { path: yaml, reason });
  }
  const { data } = DataYaml.safeParse(contentOf(document));
  if (data) return { classNames: data.names, keypoints: data.kpt_shape };
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
  const files = (await textsBelow(path)).filter((file) => labelFolderOf(file) !== undefined);
  return files.map((file) => ({ path: file, imageName: imageNameOf(file) }));
}

async function labelsNextToImages(path: string, root: string): Promise<YoloLabels[]> {
  const files = (await textsBelow(path)).filter((file) => !isImageList(basename(file)));
  return files.map((file) => {
    const name = relative(root, file.slice(0, -extname(file).length))
      .split(sep)
      .join('/');
    return { path: file, imageName: name.replace(IMAGE_FOLDERS, '') };
  });
}

/** Files of text that can be labels, sorted. */
async function textsBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
  // A single file is no folder.
  const files = entries
    ? entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
    : [path];
  return files
    .filter((file) => extname(file).toLowerCase() === '.txt' && !isClassList(basename(file)))
    .sort();
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
