import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import { UserError } from '../../contract/errors.ts';
import type { MaskFileFormat } from '../../contract/mask-import.ts';
import { MANIFEST_NAMES } from '../../domain/export-plan.ts';
import { FILE_READERS, MAX_PNG_BYTES } from './file-formats.ts';
import { gridOfClaim, type FileGridOf } from './image-grid.ts';
import type { FileRecord, MaskFileContext, MaskRecord } from './mask-record.ts';
import { joinObjects, readBinaryPng, type ObjectPng } from './png-masks.ts';
import { readMaskFile, unreadable } from './read-file.ts';
import { openYoloFolder } from './yolo-folder.ts';
import { readYolo } from './yolo.ts';

export type ReadOptions = {
  format: MaskFileFormat;
  signal?: AbortSignal;
  gridOf?: FileGridOf;
} & Partial<Pick<MaskFileContext, 'crowds'>>;

/**
 * Reads masks from a file or folder, image by image.
 *
 * `coco`: one JSON file, or a folder with one or more. `labelme`: the JSON files of a folder and of those below it.
 * `label-studio` and `datumaro`: JSON files. `cvat`: XML files. `yolo`: a folder with a data.yaml and folders called `labels`.
 * `binary-png`: `NAME.png` is the one object of the image NAME, and a folder `NAME` holds one PNG per object, where
 * `0001_cat.png` is a cat. `index-png`: `NAME.png` numbers the objects of the image NAME.
 * @throws UserError NOT_FOUND or BAD_INPUT about the path itself; all else is a record of the kind `problem`
 * @throws the signal's reason when aborted
 */
export async function* readMasks(path: string, options: ReadOptions): AsyncGenerator<FileRecord> {
  const { format, signal } = options;
  const isFolder = await isFolderOrThrow(path);
  if (format === 'yolo') {
    yield* readYoloFolder(path, options);
    return;
  }
  const { extension, read } = FILE_READERS[format];
  if (!isFolder) {
    yield* fromFile(path, read(path, contextOf(path, basename(path), options)));
    return;
  }
  let isEmpty = true;
  for await (const entry of walk(path, { leaves: format === 'binary-png', signal })) {
    const context = contextOf(entry.path, relative(path, entry.path), options);
    if (entry.problem !== undefined) {
      yield { kind: 'problem', name: context.name, detail: entry.problem, file: entry.path };
    } else if (entry.isLeafOfPngs) {
      yield* fromFile(entry.path, readObjects(entry.path, context));
    } else if (extname(entry.path).toLowerCase() === extension) {
      yield* fromFile(entry.path, read(entry.path, context));
    } else continue;
    isEmpty = false;
  }
  if (!isEmpty) return;
  throw new UserError('BAD_INPUT', `There is no ${extension} file in ${path}.`, {
    hint: `The format ${format} needs such files; choose another format with --format, or another folder.`,
  });
}

/** Most label files take a few kilobytes. */
const MAX_LABELS_BYTES = 50_000_000;

async function* readYoloFolder(path: string, options: ReadOptions): AsyncGenerator<FileRecord> {
  const { classNames, labels, root } = await openYoloFolder(path);
  for (const { path: file, imageName } of labels) {
    options.signal?.throwIfAborted();
    const context = contextOf(file, relative(root, file), options);
    const bytes = await readMaskFile(file, MAX_LABELS_BYTES);
    if (typeof bytes === 'string') yield { kind: 'problem', name: context.name, detail: bytes, file };
    else yield* fromFile(file, readYolo(bytes.toString('utf8'), { imageName, classNames }, context));
  }
  if (labels.length > 0) return;
  throw new UserError('BAD_INPUT', `There are no label files in ${path}.`, {
    hint: 'The format yolo needs .txt files in a folder called labels; choose the folder that contains it.',
  });
}

function contextOf(
  file: string,
  name: string,
  { gridOf = gridOfClaim, crowds = 'ignored' }: ReadOptions,
): MaskFileContext {
  return { name, crowds, gridOf: (imageName, claimed) => gridOf(imageName, claimed, file) };
}

async function* fromFile(
  file: string,
  records: AsyncIterable<MaskRecord> | Iterable<MaskRecord>,
): AsyncGenerator<FileRecord> {
  for await (const record of records) yield { ...record, file };
}

async function isFolderOrThrow(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (stats) return stats.isDirectory();
  throw new UserError('NOT_FOUND', `There is no file or folder ${path}.`, { hint: 'Check the path.' });
}

/** One PNG per object in a folder that is named like the image. */
async function* readObjects(folder: string, context: MaskFileContext): AsyncGenerator<MaskRecord> {
  const imageName = basename(folder);
  const files = (await readdir(folder)).filter((name) => extname(name).toLowerCase() === '.png').sort();
  const parts: ObjectPng[] = [];
  for (const file of files) {
    const name = `${context.name}/${file}`;
    const bytes = await readMaskFile(join(folder, file), MAX_PNG_BYTES);
    const className = /^\d+_(.+)\.png$/i.exec(file)?.[1] ?? null;
    const record =
      typeof bytes === 'string'
        ? ({ kind: 'problem', name, detail: bytes } as const)
        : readBinaryPng(bytes, { ...context, name, imageName });
    parts.push({ record, className, name });
  }
  yield* joinObjects(imageName, parts);
}

type Entry = { path: string; isLeafOfPngs: boolean; problem?: string };

/** Files below a folder; with `leaves`, a folder of numbered PNGs is given as a whole. */
async function* walk(
  folder: string,
  { leaves, signal }: { leaves: boolean; signal: AbortSignal | undefined },
): AsyncGenerator<Entry> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(unreadable);
  if (typeof entries === 'string') {
    yield { path: folder, isLeafOfPngs: false, problem: entries };
    return;
  }
  for (const entry of entries) {
    signal?.throwIfAborted();
    if (entry.name.startsWith('.') || MANIFEST_NAMES.includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) yield { path, isLeafOfPngs: false };
    else if (leaves && (await holdsObjects(path))) yield { path, isLeafOfPngs: true };
    else yield* walk(path, { leaves, signal });
  }
}

async function holdsObjects(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  return names.length > 0 && names.every((name) => /^\d+_.+\.png$/i.test(name));
}
