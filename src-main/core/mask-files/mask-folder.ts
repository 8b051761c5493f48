import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import { UserError } from '../../contract/errors.ts';
import { MANIFEST_NAMES } from '../../domain/export-plan.ts';
import { detectFormat } from './detect-format.ts';
import { contextOf, fromFile, type ReadOptions } from './file-context.ts';
import {
  FILE_READERS,
  indexPngReader,
  MAX_PNG_BYTES,
  type FileFormat,
  type FileReader,
} from './file-formats.ts';
import { openIndexFolder } from './index-folder.ts';
import type { FileRecord, MaskFileContext, MaskRecord } from './mask-record.ts';
import { joinObjects, readBinaryPng, type ObjectPng } from './png-masks.ts';
import { readMaskFile, unreadable } from './read-file.ts';
import { readVocFolder } from './voc-folder.ts';
import { readYoloFolder } from './yolo-folder.ts';

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
  const isFolder = await isFolderOrThrow(path);
  const format = options.format === 'auto' ? await detectFormat(path, { isFolder }) : options.format;
  switch (format) {
    case 'auto':
      throw new Error('a format was not detected');
    case 'yolo':
      yield* readYoloFolder(path, options);
      return;
    case 'voc':
      yield* readVocFolder(path, options);
      return;
    case 'index-png': {
      const found = isFolder ? await openIndexFolder(path) : undefined;
      const reader = found ? indexPngReader(found.classOf) : FILE_READERS[format];
      yield* readFiles(found?.folder ?? path, { format, reader, isFolder }, options);
      return;
    }
    default:
      yield* readFiles(path, { format, reader: FILE_READERS[format], isFolder }, options);
  }
}

async function* readFiles(
  path: string,
  { format, reader, isFolder }: { format: FileFormat; reader: FileReader; isFolder: boolean },
  options: ReadOptions,
): AsyncGenerator<FileRecord> {
  const { extension, read } = reader;
  if (!isFolder) {
    yield* fromFile(path, read(path, contextOf(path, basename(path), options)));
    return;
  }
  let isEmpty = true;
  for await (const entry of walk(path, { leaves: format === 'binary-png', signal: options.signal })) {
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
