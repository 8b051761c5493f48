import { readCoco } from './coco.ts';
import { readDatumaro } from './datumaro.ts';
import { readLabelStudio } from './label-studio.ts';
import { readLabelMe } from './labelme.ts';
import type { MaskFileContext, MaskRecord } from './mask-record.ts';

export type JsonFormat = 'coco' | 'labelme' | 'label-studio' | 'datumaro';

/** Reads the content of a whole file. */
export type JsonReader = (json: unknown, context: MaskFileContext) => Iterable<MaskRecord>;

export const JSON_READERS: Readonly<Record<JsonFormat, JsonReader>> = {
  coco: readCoco,
  labelme: readLabelMe,
  'label-studio': readLabelStudio,
  datumaro: readDatumaro,
};
