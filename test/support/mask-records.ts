import type { MaskFileFormat } from '../../src-main/contract/mask-import.ts';
import { gridOfClaim } from '../../src-main/core/mask-files/image-grid.ts';
import { JSON_READERS, type JsonFormat } from '../../src-main/core/mask-files/json-readers.ts';
import { readMasks } from '../../src-main/core/mask-files/mask-folder.ts';
import type { ImageMasks, MaskFileContext, MaskRecord } from '../../src-main/core/mask-files/mask-record.ts';
import { parseJson } from '../../src-main/core/mask-files/read-json.ts';
import { encodePng } from '../../src-main/core/mask/png.ts';
import { decodeRle, type EncodedMask } from '../../src-main/core/mask/rle.ts';
import { drawingOf } from './masks.ts';

/** The drawing of a mask that was read; null for none. */
export const draw = (mask: EncodedMask | null | undefined) =>
  mask ? drawingOf(decodeRle(mask.shape)) : null;

/** The masks of a record. @throws Error where it is a problem */
export function masksIn(record: MaskRecord | undefined): ImageMasks {
  if (record?.kind === 'masks') return record;
  throw new Error(record?.detail ?? 'no record');
}

/** How a file is read of whose images nothing is known, in an evaluation. */
const context = (name: string): MaskFileContext => ({ name, gridOf: gridOfClaim, crowds: 'ignored' });

/** All that a text says in the format of a tool. */
export function recordsIn(
  format: JsonFormat,
  text: string,
  options: Partial<MaskFileContext> = {},
): MaskRecord[] {
  const file = parseJson(Buffer.from(text));
  if (typeof file === 'string') throw new Error(file);
  return [...JSON_READERS[format](file.json, { ...context('x.json'), ...options })];
}

/** All that the reader of mask files finds below a path. */
export async function recordsOf(path: string, format: MaskFileFormat): Promise<MaskRecord[]> {
  const records: MaskRecord[] = [];
  for await (const { file, ...record } of readMasks(path, { format, signal: new AbortController().signal })) {
    if (!file.startsWith(path)) throw new Error(`${file} is not in ${path}`);
    records.push(record);
  }
  return records;
}

/** A PNG with 8 bits for each of the numbers. */
export const png = (rows: number[][]) =>
  encodePng({ data: Uint8Array.from(rows.flat()), widthPx: rows[0]?.length ?? 0, heightPx: rows.length });
