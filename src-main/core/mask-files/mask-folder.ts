import { stat } from 'node:fs/promises';
import { basename, dirname, extname, relative } from 'node:path';
import { type UserError, userError } from '../../contract/errors.ts';
import type { MaskFileFormat } from '../../contract/mask-import.ts';
import { detectFormat, type DetectedFormat } from './detect-format.ts';
import { contextOf, fromFile, type OpenOptions, type ReadOptions } from './file-context.ts';
import { FILE_READERS, type FileFormat, type GivenFile } from './file-formats.ts';
import type { FileRecord } from './mask-record.ts';
import { findClasses } from './png-classes.ts';
import { readPngFile, readPngFolder, type PngFormat } from './png-folder.ts';
import { readVocFolder } from './voc-folder.ts';
import { walkFiles } from './walk-files.ts';
import { readYoloFolder } from './yolo-folder.ts';

/** A file or folder of masks whose format is known. */
export type MaskFiles = DetectedFormat & { path: string; isFolder: boolean };

/**
 * Looks at a file or folder of masks; the format `auto` is recognized.
 * @throws UserError NOT_FOUND, or BAD_INPUT where the format is not plain; the signal's reason when aborted
 */
export async function openMasks(path: string, { format, signal }: OpenOptions): Promise<MaskFiles> {
  const isFolder = await isFolderOrThrow(path);
  if (format !== 'auto') return { path, isFolder, format, parsed: new Map() };
  return { path, isFolder, ...(await detectFormat(path, { isFolder, signal })) };
}

/**
 * Reads masks from a file or folder, image by image.
 *
 * `coco`: one JSON file, or a folder with one or more. `labelme`: the JSON files of a folder and of those below it.
 * `label-studio` and `datumaro`: JSON files. `cvat`: XML files. `yolo`: a folder with a data.yaml and folders called `labels`.
 * `binary-png`: `NAME.png` is the one object of the image NAME, and a folder `NAME` holds one PNG per object, where
 * `0001_cat.png` is a cat. `index-png`: `NAME.png` numbers the objects of the image NAME. Of a folder that such an export
 * wrote, only masks are read, and classes by the names in its lists.
 * @throws UserError BAD_INPUT about the path itself; all else is a record of the kind `problem`
 * @throws the signal's reason when aborted
 */
export async function* readOpened(files: MaskFiles, options: ReadOptions): AsyncGenerator<FileRecord> {
  const { path, format, isFolder } = files;
  switch (format) {
    case 'yolo':
      yield* readYoloFolder(path, options);
      return;
    case 'voc':
      yield* readVocFolder(path, options);
      return;
    case 'binary-png':
    case 'index-png':
      yield* isFolder ? readPngs(path, format, options) : readOnePng(path, format, options);
      return;
    default:
      yield* readFiles({ ...files, format }, options);
  }
}

/** Opens and reads masks; see `openMasks` and `readOpened`. */
export async function* readMasks(
  path: string,
  options: OpenOptions & ReadOptions,
): AsyncGenerator<FileRecord> {
  yield* readOpened(await openMasks(path, options), options);
}

async function* readFiles(
  { path, format, isFolder, parsed }: MaskFiles & { format: FileFormat },
  options: ReadOptions,
): AsyncGenerator<FileRecord> {
  const { extension, read } = FILE_READERS[format];
  /** A file; its content, if it was parsed before, is kept no longer than it takes to read it. */
  const given = (file: string): GivenFile => {
    const content = parsed.has(file) ? { json: parsed.get(file) } : undefined;
    parsed.delete(file);
    return { path: file, content };
  };
  if (!isFolder) {
    yield* fromFile(path, read(given(path), contextOf(path, basename(path), options)));
    return;
  }
  let isEmpty = true;
  for await (const entry of walkFiles(path, { signal: options.signal })) {
    const context = contextOf(entry.path, relative(path, entry.path), options);
    if (entry.problem !== undefined) {
      yield { kind: 'problem', name: context.name, detail: entry.problem, file: entry.path };
    } else if (extname(entry.path).toLowerCase() === extension) {
      yield* fromFile(entry.path, read(given(entry.path), context));
    } else continue;
    isEmpty = false;
  }
  if (isEmpty) throw noSuchFile(path, extension, format);
}

async function* readPngs(path: string, format: PngFormat, options: ReadOptions): AsyncGenerator<FileRecord> {
  const contextOfFile = (file: string) => contextOf(file, relative(path, file), options);
  let isEmpty = true;
  const reading = { format, contextOf: contextOfFile, signal: options.signal };
  for await (const { record, file } of readPngFolder(path, reading)) {
    yield { ...record, file };
    isEmpty = false;
  }
  if (isEmpty) throw noSuchFile(path, '.png', format);
}

async function* readOnePng(
  path: string,
  format: PngFormat,
  options: ReadOptions,
): AsyncGenerator<FileRecord> {
  const context = contextOf(path, basename(path), options);
  const classes = await findClasses(dirname(path));
  yield { ...(await readPngFile(path, { format, context, classes })), file: path };
}

function noSuchFile(path: string, extension: string, format: MaskFileFormat): UserError {
  return userError('no-mask-files', { extension, path, format });
}

async function isFolderOrThrow(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (stats) return stats.isDirectory();
  throw userError('no-mask-path', { path });
}
