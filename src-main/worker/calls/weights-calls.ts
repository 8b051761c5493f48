import { ContentHash } from '../../contract/ids.ts';
import { modelFile } from '../../domain/data-layout.ts';
import { newModelFile } from '../../domain/model-weights.ts';
import { exportEncoder } from '../../core/weights/export-encoder.ts';
import { importModel } from '../../core/weights/import-model.ts';
import { openModel } from '../../core/weights/open-model.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';

/**
 * Reads an encoder from any file that the app knows and keeps a copy in the folder of models.
 * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED, FILE_NOT_FOUND, FILE_UNUSABLE, DISK_FULL
 */
export async function importToFolder(call: CallOf<'import-encoder'>): Promise<ResultOf<'import-encoder'>> {
  const { write, extension, ...imported } = await importModel(call.path, call.choices);
  const file = newModelFile(imported.architecture, extension);
  const { sha256 } = await write(modelFile(call.folder, file));
  return {
    file,
    sha256: ContentHash.parse(Buffer.from(sha256).toString('hex')),
    ...imported,
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
