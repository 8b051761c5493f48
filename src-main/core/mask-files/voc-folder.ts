import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { z } from 'zod';
import { userError } from '../../contract/errors.ts';
import { readPngSize } from '../mask/decode-png.ts';
import { masksOfClasses, numberAt, readClassPicture, type ClassPicture } from './class-picture.ts';
import { contextOf, fromFile, type ReadOptions } from './file-context.ts';
import type { GridSize } from './image-grid.ts';
import type { FileMask, FileRecord, MaskFileContext, MaskRecord } from './mask-record.ts';
import { isNoise, MAX_PNG_BYTES } from './png-masks.ts';
import { readMaskFile, readOptionalFile } from './read-file.ts';
import { parsedJson } from '../../domain/parsed-json.ts';

const CLASSES = 'SegmentationClass';
const OBJECTS = 'SegmentationObject';
/** A labelmap.txt takes a line per class. */
const MAX_LABEL_MAP_BYTES = 1_000_000;

/** Whether a folder has the masks of Pascal VOC. */
export async function isVocFolder(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  return names.includes(CLASSES) || names.includes(OBJECTS);
}

/**
 * The masks of a folder as Pascal VOC has it: `SegmentationObject/NAME.png` has the objects of the image NAME, and
 * `SegmentationClass/NAME.png` their classes, as places in a palette or as colours, which labelmap.txt names. Without
 * objects, each class of an image is one mask.
 */
export async function* readVocFolder(path: string, options: ReadOptions): AsyncGenerator<FileRecord> {
  const labelMap = await readLabelMap(path);
  const names = {
    [CLASSES]: await pngsIn(join(path, CLASSES)),
    [OBJECTS]: await pngsIn(join(path, OBJECTS)),
  };
  for (const name of [...names[CLASSES].union(names[OBJECTS])].sort()) {
    options.signal?.throwIfAborted();
    const pathIn = (folder: typeof CLASSES | typeof OBJECTS) =>
      names[folder].has(name) ? join(path, folder, name) : null;
    const paths = { classes: pathIn(CLASSES), objects: pathIn(OBJECTS) };
    const file = paths.objects ?? paths.classes ?? path;
    yield* fromFile(file, readImage({ name, paths, labelMap }, contextOf(file, name, options)));
  }
  if (names[CLASSES].size + names[OBJECTS].size > 0) return;
  throw userError('no-voc-masks', { path, classes: CLASSES, objects: OBJECTS });
}

async function pngsIn(folder: string): Promise<Set<string>> {
  const names = await readdir(folder).catch((): string[] => []);
  return new Set(names.filter((name) => extname(name).toLowerCase() === '.png'));
}

/** Classes in the order of their numbers; colours as `r,g,b`, null where a line has none. */
type LabelMap = readonly { name: string; colour: string | null }[];

/** The lines are `name:r,g,b:parts:actions`; a name that has colons keeps them. */
const LINE = /^(?!#)(.*[^:\s])\s*:\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?::.*)?$/;
const LINE_WITHOUT_COLOUR = /^(?!#)([^:]*[^:\s])\s*(?::\s*){0,3}$/;
/** What an export says of a class whose name the format cannot hold. */
const RENAMED = /^# (".*") stands for (".*")$/;

async function readLabelMap(path: string): Promise<LabelMap> {
  const bytes = await readOptionalFile(join(path, 'labelmap.txt'), MAX_LABEL_MAP_BYTES);
  if (!Buffer.isBuffer(bytes)) return [];
  const lines = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/);
  const renamed = new Map(lines.flatMap(renamedIn));
  return lines.flatMap((line) => {
    const [, name, ...channels] = LINE.exec(line) ?? LINE_WITHOUT_COLOUR.exec(line) ?? [];
    if (name === undefined) return [];
    return [{ name: renamed.get(name) ?? name, colour: channels.length > 0 ? channels.join() : null }];
  });
}

function renamedIn(line: string): [string, string][] {
  const [, here, real] = RENAMED.exec(line) ?? [];
  if (here === undefined || real === undefined) return [];
  const names = RenamedClass.safeParse([parsedJson(here), parsedJson(real)]);
  return names.success ? [names.data] : [];
}

const RenamedClass = z.tuple([z.string(), z.string()]);

type VocImage = {
  name: string;
  paths: { classes: string | null; objects: string | null };
  labelMap: LabelMap;
};

async function* readImage(
  { name, paths, labelMap }: VocImage,
  context: MaskFileContext,
): AsyncGenerator<MaskRecord> {
  const imageName = basename(name, extname(name));
  const read = (file: string | null) => readPicture(file, (size) => context.gridOf(imageName, size));
  const [classes, objects] = [await read(paths.classes), await read(paths.objects)];
  if (typeof classes === 'string') yield { kind: 'problem', name: `${CLASSES}/${name}`, detail: classes };
  if (typeof objects === 'string') yield { kind: 'problem', name: `${OBJECTS}/${name}`, detail: objects };
  if (typeof classes === 'string' || typeof objects === 'string') return;
  const picture = objects ?? classes;
  if (!picture) return;
  const { widthPx, heightPx } = picture.numbers;
  const { masks, ignored } = masksOfClasses(picture);
  const found = [...masks].map(([number, mask]): FileMask => {
    const className = classes && classOf(classes, objects ? numberAt(classes, mask) : number, labelMap);
    return { ...mask, className: className ?? null, score: null };
  });
  yield { kind: 'masks', imageName, widthPx, heightPx, masks: found, ignored, skipped: 0 };
}

function classOf({ colours }: ClassPicture, number: number, labelMap: LabelMap): string | null {
  const hasColours = labelMap.some(({ colour }) => colour !== null);
  const found =
    colours && hasColours ? labelMap.find(({ colour }) => colour === colours.get(number)) : labelMap[number];
  return found?.name ?? null;
}

/** @returns undefined for no file; one sentence if it cannot be used */
async function readPicture(
  file: string | null,
  gridOf: (size: GridSize) => GridSize | string,
): Promise<ClassPicture | string | undefined> {
  if (file === null) return undefined;
  const bytes = await readMaskFile(file, MAX_PNG_BYTES);
  if (typeof bytes === 'string') return bytes;
  const size = readPngSize(bytes);
  if (!size) return 'It is not a readable PNG (it does not start like one).';
  const grid = gridOf(size);
  if (typeof grid === 'string') return grid;
  try {
    const picture = readClassPicture(bytes);
    return picture && !isNoise(picture.numbers)
      ? picture
      : 'It is noise: it has no areas of one class or object.';
  } catch (error) {
    return `It is not a readable PNG (${error instanceof Error ? error.message : String(error)}).`;
  }
}
