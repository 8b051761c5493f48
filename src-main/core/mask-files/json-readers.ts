import { readCoco } from './coco.ts';
import { readDatumaro } from './datumaro.ts';
import { readLabelStudio } from './label-studio.ts';
import { readLabelMe } from './labelme.ts';
import type { MaskFileContext, MaskRecord } from './mask-record.ts';

export type JsonFormat = 'coco' | 'labelme' | 'label-studio' | 'datumaro';

/** The readers of the formats that are JSON; they are given the content of a whole file. */
export const JSON_READERS: Readonly<
  Record<JsonFormat, (json: unknown, context: MaskFileContext) => Iterable<MaskRecord>>
> = { coco: readCoco, labelme: readLabelMe, 'label-studio': readLabelStudio, datumaro: readDatumaro };
