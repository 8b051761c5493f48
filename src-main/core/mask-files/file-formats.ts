import type { MaskFileFormat } from '../../contract/mask-import.ts';
import { readCvat } from './cvat.ts';
import { JSON_READERS, type JsonReader } from './json-readers.ts';
import type { MaskFileContext, MaskRecord } from './mask-record.ts';
import { readJson } from './read-json.ts';

/** Formats whose files can be read one by one. */
export type FileFormat = Exclude<MaskFileFormat, 'auto' | 'yolo' | 'voc' | 'binary-png' | 'index-png'>;

/** How the files of a format are found and read. */
type FileReader = {
  extension: string;
  read: (path: string, context: MaskFileContext) => AsyncIterable<MaskRecord>;
};

export const FILE_READERS: Readonly<Record<FileFormat, FileReader>> = {
  coco: jsonReader(JSON_READERS.coco),
  labelme: jsonReader(JSON_READERS.labelme),
  cvat: { extension: '.xml', read: readCvat },
  'label-studio': jsonReader(JSON_READERS['label-studio']),
  datumaro: jsonReader(JSON_READERS.datumaro),
};

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
