import { join } from 'node:path';
import { ContentHash } from '../../contract/ids.ts';
import { newModelFile } from '../../domain/model-weights.ts';
import { architectureName } from '../../core/model/architectures.ts';
import { writeEncoderFile } from '../../core/weights/encoder-file.ts';
import { exportEncoder } from '../../core/weights/export-encoder.ts';
import { importEncoder } from '../../core/weights/import-encoder.ts';
import { openModel } from '../../core/weights/open-model.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';

/**
 * Reads an encoder from any file that the app knows and keeps a copy in the folder of models.
 * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED, FILE_NOT_FOUND, FILE_UNUSABLE, DISK_FULL
 */
export async function importToFolder(call: CallOf<'import-encoder'>): Promise<ResultOf<'import-encoder'>> {
  const { encoder, facts, record } = await importEncoder(call.path, call.prefix ?? undefined);
  const architecture = architectureName(encoder.spec);
  const file = newModelFile(architecture);
  const { sha256 } = await writeEncoderFile(join(call.folder, file), encoder, facts);
  return {
    file,
    sha256: ContentHash.parse(Buffer.from(sha256).toString('hex')),
    architecture,
    facts,
    record,
  };
}

/**
 * Writes a model for other tools.
 * @throws UserError MODEL_UNAVAILABLE, ALREADY_EXISTS, FILE_NOT_FOUND, FILE_UNUSABLE, DISK_FULL
 */
export async function exportToFile(call: CallOf<'export-encoder'>): Promise<ResultOf<'export-encoder'>> {
  const { weights, model, format, path, overwrite } = call;
  return await exportEncoder({ encoder: await openModel(weights), model, format, path, overwrite });
}
