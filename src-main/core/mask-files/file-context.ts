import type { MaskFileFormat } from '../../contract/mask-import.ts';
import { gridOfClaim, type FileGridOf } from './image-grid.ts';
import type { FileRecord, MaskFileContext, MaskRecord } from './mask-record.ts';

/** A format that was chosen or recognized. */
export type KnownFormat = Exclude<MaskFileFormat, 'auto'>;

export type OpenOptions = { format: MaskFileFormat; signal?: AbortSignal };

export type ReadOptions = {
  signal?: AbortSignal;
  gridOf?: FileGridOf;
} & Partial<Pick<MaskFileContext, 'crowds'>>;

/** What the reader of one file is given besides the file. @param name of the file, for messages */
export function contextOf(
  file: string,
  name: string,
  { gridOf = (imageName, claimed) => gridOfClaim(imageName, claimed), crowds = 'ignored' }: ReadOptions,
): MaskFileContext {
  return {
    name,
    crowds,
    gridOf: (imageName, claimed, hasOtherNames = false) =>
      gridOf(imageName, claimed, { file, hasOtherNames }),
  };
}

/** Says of each record which file it was read from. */
export async function* fromFile(
  file: string,
  records: AsyncIterable<MaskRecord> | Iterable<MaskRecord>,
): AsyncGenerator<FileRecord> {
  for await (const record of records) yield { ...record, file };
}
