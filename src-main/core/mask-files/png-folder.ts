import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative } from 'node:path';
import type { MaskFileContext, MaskRecord } from './mask-record.ts';
import { findClasses, type ClassFinder } from './png-classes.ts';
import { joinObjects, MAX_PNG_BYTES, readBinaryPng, readIndexPng, type ObjectPng } from './png-masks.ts';
import { listMaskFolder, readMaskFile } from './read-file.ts';
import { walkFiles } from './walk-files.ts';

const OTHER_PICTURES = new Set(['.jpg', '.jpeg', '.tif', '.tiff', '.bmp', '.webp', '.gif', '.heic', '.avif']);
/** Folders of objects, which say more than those of classes next to them: of Cityscapes, and of Pascal VOC. */
const LABEL_FOLDERS = [
  ['instances', 'labels'],
  ['SegmentationObject', 'SegmentationClass'],
] as const;

export type PngFormat = 'binary-png' | 'index-png';
/** A record, and the path of the file or folder that it was read from. */
type PngRecord = { record: MaskRecord; file: string };
type PngReading = {
  format: PngFormat;
  contextOf: (file: string) => MaskFileContext;
  signal: AbortSignal | undefined;
};

/**
 * Reads the mask pictures of a folder. Of an export's folder, only those of masks are read, and not its photographs; of
 * folders that number objects and classes, the objects.
 * @yields nothing where there is no PNG
 */
export async function* readPngFolder(path: string, reading: PngReading): AsyncGenerator<PngRecord> {
  const classes = await findClasses(path);
  const others = new OtherPictures();
  const read = new Set<string>();
  const isWhole = reading.format === 'binary-png' ? holdsObjects : undefined;
  for (const root of await maskFolders(path, reading.format)) {
    for await (const entry of walkFiles(root, { signal: reading.signal, ...(isWhole && { isWhole }) })) {
      const { path: file, problem } = entry;
      const context = reading.contextOf(file);
      const place = relative(root, file);
      if (problem !== undefined) {
        yield { record: { kind: 'problem', name: context.name, detail: problem }, file };
      } else if (entry.isWhole) {
        for await (const record of readObjects(file, { context, classes })) yield { record, file };
      } else if (extname(file).toLowerCase() !== '.png') {
        others.note(file);
        // Numbers of classes are read where there are none of objects.
      } else if (!read.has(place)) {
        read.add(place);
        others.notePng(file);
        yield { record: await readPngFile(file, { format: reading.format, context, classes }), file };
      }
    }
  }
  if (others.hasPng || read.size > 0) yield* others.problems(reading);
}

/** The mask of a picture that is given as a file. */
export async function readPngFile(
  file: string,
  { format, context, classes }: { format: PngFormat; context: MaskFileContext; classes: ClassFinder },
): Promise<MaskRecord> {
  const bytes = await readMaskFile(file, MAX_PNG_BYTES);
  if (typeof bytes === 'string') return { kind: 'problem', name: context.name, detail: bytes };
  const png = { ...context, imageName: basename(file, extname(file)) };
  if (format === 'index-png') return readIndexPng(bytes, { ...png, classOf: classes.ofNumber });
  const record = readBinaryPng(bytes, png);
  if (record.kind === 'problem') return record;
  return { ...record, masks: record.masks.map((mask) => ({ ...mask, className: classes.ofFile(file) })) };
}

/** Where the masks are: the folder itself, or those in it that exports write them to. */
async function maskFolders(path: string, format: PngFormat): Promise<string[]> {
  const folders: readonly (readonly string[])[] = format === 'binary-png' ? [['masks']] : LABEL_FOLDERS;
  for (const names of folders) {
    const found = [];
    for (const name of names) if (await isFolder(join(path, name))) found.push(join(path, name));
    if (found.length > 0) return found;
  }
  return [path];
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** One PNG per object in a folder that is named like the image. */
async function* readObjects(
  folder: string,
  { context, classes }: { context: MaskFileContext; classes: ClassFinder },
): AsyncGenerator<MaskRecord> {
  const imageName = basename(folder);
  const entries = await listMaskFolder(folder);
  if (typeof entries === 'string') {
    yield { kind: 'problem', name: context.name, detail: entries };
    return;
  }
  const names = entries.map((entry) => entry.name);
  const files = names.filter((name) => extname(name).toLowerCase() === '.png').sort();
  const parts: ObjectPng[] = [];
  for (const file of files) {
    const name = `${context.name}/${file}`;
    const bytes = await readMaskFile(join(folder, file), MAX_PNG_BYTES);
    const nameInFile = /^\d+_(.+)\.png$/i.exec(file)?.[1] ?? null;
    const record =
      typeof bytes === 'string'
        ? ({ kind: 'problem', name, detail: bytes } as const)
        : readBinaryPng(bytes, { ...context, name, imageName });
    parts.push({ record, className: classes.ofFile(join(folder, file)) ?? nameInFile, name });
  }
  yield* joinObjects(imageName, parts);
}

async function holdsObjects(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  return names.length > 0 && names.every((name) => /^\d+_.+\.png$/i.test(name));
}

/** Pictures that are not PNG: each is named next to masks, a folder of them once. */
class OtherPictures {
  readonly #files: string[] = [];
  readonly #pngFolders = new Set<string>();

  get hasPng(): boolean {
    return this.#pngFolders.size > 0;
  }

  note(file: string): void {
    if (OTHER_PICTURES.has(extname(file).toLowerCase())) this.#files.push(file);
  }

  notePng(file: string): void {
    this.#pngFolders.add(dirname(file));
  }

  *problems({ contextOf }: PngReading): Generator<PngRecord> {
    const alone = new Map<string, number>();
    for (const file of this.#files) {
      const folder = dirname(file);
      if (!this.#pngFolders.has(folder)) alone.set(folder, (alone.get(folder) ?? 0) + 1);
      else {
        const detail = 'It is not a PNG, in which masks keep their outlines: save it as PNG if it is a mask.';
        yield { record: { kind: 'problem', name: contextOf(file).name, detail }, file };
      }
    }
    for (const [folder, count] of alone) {
      const detail = `It contains ${count} pictures and no PNG, so nothing in it was read: masks are PNG files.`;
      yield { record: { kind: 'problem', name: contextOf(folder).name, detail }, file: folder };
    }
  }
}
