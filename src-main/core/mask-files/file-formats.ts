import { basename, extname } from 'node:path';
import type { MaskFileFormat } from '../../contract/mask-import.ts';
import { readCvat } from './cvat.ts';
import { JSON_READERS, type JsonReader } from './json-readers.ts';
import type { MaskFileContext, MaskRecord } from './mask-record.ts';
import { readBinaryPng, readIndexPng, type MaskPng } from './png-masks.ts';
import { readMaskFile } from './read-file.ts';
import { readJson } from './read-json.ts';

/** More than the picture of any mask takes: most are below 1 MB. */
export const MAX_PNG_BYTES = 500_000_000;

/** Formats whose files can be read one by one. */
export type FileFormat = Exclude<MaskFileFormat, 'auto' | 'yolo' | 'voc'>;

/** How the files of a format are found and read. */
export type FileReader = {
  extension: string;
  read: (path: string, context: MaskFileContext) => AsyncIterable<MaskRecord>;
};

export const FILE_READERS: Readonly<Record<FileFormat, FileReader>> = {
  coco: jsonReader(JSON_READERS.coco),
  labelme: jsonReader(JSON_READERS.labelme),
  cvat: { extension: '.xml', read: readCvat },
  'label-studio': jsonReader(JSON_READERS['label-studio']),
  datumaro: jsonReader(JSON_READERS.datumaro),
  'binary-png': pngReader(readBinaryPng),
  'index-png': indexPngReader(() => null),
};

/** @param classOf names the class of a number */
export function indexPngReader(classOf: (number: number) => string | null): FileReader {
  return pngReader((bytes, file) => readIndexPng(bytes, { ...file, classOf }));
}

function jsonReader(readContent: JsonReader): FileReader {
  return {
    extension: '.json',
    async *read(path, context) {
      const file = await readJson(path);
      if (typeof file === 'string') yield { kind: 'problem', name: context.name, detail: file };
      else yield* readContent(file.json, context);
    },
  };
}

/** `NAME.png` is about the image NAME. */
function pngReader(readPicture: (bytes: Uint8Array, file: MaskPng) => MaskRecord): FileReader {
  return {
    extension: '.png',
    async *read(path, context) {
      const bytes = await readMaskFile(path, MAX_PNG_BYTES);
      const imageName = basename(path, extname(path));
      if (typeof bytes === 'string') yield { kind: 'problem', name: context.name, detail: bytes };
      else yield readPicture(bytes, { ...context, imageName });
    },
  };
}
