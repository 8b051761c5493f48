import { basename } from 'node:path';
import { ContentHash } from '../../contract/ids.ts';
import type { ImportRecord } from '../../contract/model.ts';
import type { Encoder } from './encoder.ts';
import { descriptionIn, type EncoderFacts } from './encoder-file.ts';
import { readBatchesTracked, readEncoder } from './encoder-tensors.ts';
import { findEncoder } from './layouts.ts';
import { openWeights } from './open-weights.ts';

/** An encoder from a user's file, with what the file says about it. */
export type ImportedEncoder = { encoder: Encoder; facts: EncoderFacts; record: ImportRecord };

/**
 * Reads an encoder from a file of any kind and layout that the app knows. Nothing in the file is executed.
 * @param prefix what stands before the names of its tensors, where a file holds several encoders
 * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED, FILE_NOT_FOUND, FILE_UNUSABLE
 */
export async function importEncoder(path: string, prefix?: string): Promise<ImportedEncoder> {
  await using file = await openWeights(path);
  const found = findEncoder(path, new Set(file.tensors.keys()), prefix);
  const encoder = await readEncoder(file, found.names);
  return {
    encoder,
    facts: {
      viewPx: descriptionIn(file.metadata)?.viewPx ?? null,
      batchesTracked: await readBatchesTracked(file, found.names),
    },
    record: {
      fileName: basename(path),
      fileFormat: file.format,
      layout: found.layout,
      prefix: found.prefix,
      sha256: ContentHash.parse(Buffer.from(await file.sha256()).toString('hex')),
    },
  };
}
