import { opendir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { UserError } from '../../contract/errors.ts';
import type { MaskFileFormat } from '../../contract/mask-import.ts';
import { MANIFEST_NAMES } from '../../domain/export-plan.ts';
import { readCoco } from './coco.ts';
import { readLabelMe } from './labelme.ts';
import type { MaskRecord } from './mask-record.ts';
import { joinObjects, readBinaryPng, readIndexPng } from './png-masks.ts';

/** JSON beyond this does not fit a JavaScript string. */
const MAX_JSON_BYTES = 500_000_000;

/**
 * Reads masks from a file or folder, image by image.
 *
 * `coco`: one JSON file, or a folder with one or more. `labelme`: the JSON files of a folder and of those below it.
 * `binary-png`: `NAME.png` is the one object of the image NAME, and a folder `NAME` holds one PNG per object, where
 * `0001_cat.png` is a cat. `index-png`: `NAME.png` numbers the objects of the image NAME.
 * @throws UserError NOT_FOUND or BAD_INPUT about the path itself; all else is a record of the kind `problem`
 * @throws the signal's reason when aborted
 */
export async function* readMasks(
  path: string,
  { format, signal }: { format: MaskFileFormat; signal?: AbortSignal },
): AsyncGenerator<MaskRecord> {
  const isFolder = await isFolderOrThrow(path);
  if (!isFolder) {
    yield* readFileOf(path, format);
    return;
  }
  const extension = format.endsWith('png') ? '.png' : '.json';
  let isEmpty = true;
  for await (const entry of walk(path, signal)) {
    if (entry.isLeafOfPngs && format === 'binary-png') {
      isEmpty = false;
      yield await readObjects(entry.path);
    } else if (!entry.isFolder && extname(entry.path).toLowerCase() === extension) {
      isEmpty = false;
      yield* readFileOf(entry.path, format);
    }
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

async function* readFileOf(path: string, format: MaskFileFormat): AsyncGenerator<MaskRecord> {
  const name = basename(path);
  const imageName = basename(path, extname(path));
  switch (format) {
    case 'coco':
    case 'labelme': {
      const { size } = await stat(path);
      if (size > MAX_JSON_BYTES) {
        yield { kind: 'problem', name, detail: 'The file is larger than 500 MB: split it, then try again.' };
        return;
      }
      const text = await readFile(path, 'utf8');
      yield* format === 'coco' ? readCoco(text, name) : readLabelMe(text, name);
      return;
    }
    case 'binary-png':
      yield readBinaryPng(await readFile(path), { name, imageName });
      return;
    case 'index-png':
      yield readIndexPng(await readFile(path), { name, imageName });
  }
}

/** One PNG per object in a folder that is named like the image. */
async function readObjects(folder: string): Promise<MaskRecord> {
  const imageName = basename(folder);
  const names = (await readdir(folder)).filter((name) => extname(name).toLowerCase() === '.png').sort();
  const parts: Parameters<typeof joinObjects>[1][number][] = [];
  for (const name of names) {
    const record = readBinaryPng(await readFile(join(folder, name)), {
      name: `${imageName}/${name}`,
      imageName,
    });
    if (record.kind === 'problem') return record;
    const className = /^\d+_(.+)\.png$/i.exec(name)?.[1] ?? null;
    parts.push({ record, className, name });
  }
  return joinObjects(imageName, parts);
}

type Entry = { path: string; isFolder: boolean; isLeafOfPngs: boolean };

/** Files and folders below a folder; a folder of numbered PNGs is given as a whole. */
async function* walk(folder: string, signal: AbortSignal | undefined): AsyncGenerator<Entry> {
  for await (const entry of await opendir(folder)) {
    signal?.throwIfAborted();
    if (entry.name.startsWith('.') || MANIFEST_NAMES.includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) {
      yield { path, isFolder: false, isLeafOfPngs: false };
    } else if (await holdsObjects(path)) {
      yield { path, isFolder: true, isLeafOfPngs: true };
    } else {
      yield* walk(path, signal);
    }
  }
}

async function holdsObjects(folder: string): Promise<boolean> {
  const names = await readdir(folder);
  return names.length > 0 && names.every((name) => /^\d+_.+\.png$/i.test(name));
}
