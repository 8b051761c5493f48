import { readCvat } from './cvat.ts';
import type { KnownFormat } from './file-context.ts';
import { JSON_READERS, type JsonReader } from './json-readers.ts';
import type { MaskFileContext, MaskRecord } from './mask-record.ts';
import { readJson } from './read-json.ts';

/** Formats whose files can be read one by one. */
export type FileFormat = Exclude<KnownFormat, 'yolo' | 'voc' | 'binary-png' | 'index-png'>;

/** A file to read; `content` if it is JSON that was parsed before. */
export type GivenFile = { path: string; content?: { json: unknown } | undefined };

/** How the files of a format are found and read. */
type FileReader = {
  extension: string;
  read: (file: GivenFile, context: MaskFileContext) => AsyncIterable<MaskRecord>;
};

export const FILE_READERS: Readonly<Record<FileFormat, FileReader>> = {
  coco: jsonReader(JSON_READERS.coco),
  labelme: jsonReader(JSON_READERS.labelme),
  cvat: { extension: '.xml', read: ({ path }, context) => readCvat(path, context) },
  'label-studio': jsonReader(JSON_READERS['label-studio']),
  datumaro: jsonReader(JSON_READERS.datumaro),
};

function jsonReader(readContent: JsonReader): FileReader {
  return {
    extension: '.json',
    async *read({ path, content }, context) {
      const file = content ?? (await readJson(path));
      if (typeof file === 'string') yield { kind: 'problem', name: context.name, detail: file };
      else yield* readContent(file.json, context);
    },
  };
}
