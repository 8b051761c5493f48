import { basename } from 'node:path';
import { type UserError, userError } from '../../contract/errors.ts';
import { ContentHash } from '../../contract/ids.ts';
import { TERMS, type TermsName } from '../../contract/terms.ts';
import { modelFile } from '../../domain/data-layout.ts';
import { newModelFile } from '../../domain/model-weights.ts';
import { exportEncoder } from '../../core/weights/export-encoder.ts';
import { importModel, type ImportedModel } from '../../core/weights/import-model.ts';
import { openAnyModel } from '../../core/weights/open-model.ts';
import { unsupportedWeights } from '../../core/weights/weights-error.ts';
import { memoryWatch } from '../memory-watch.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';

/**
 * Reads an encoder from any file that the app knows and keeps a copy in the folder of models.
 * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED, TERMS_NOT_ACCEPTED, FILE_NOT_FOUND, FILE_UNUSABLE, DISK_FULL
 */
export async function importToFolder(call: CallOf<'import-encoder'>): Promise<ResultOf<'import-encoder'>> {
  const { write, extension, ...imported } = await read(call);
  if (call.architecture !== null && imported.architecture !== call.architecture) {
    throw unsupportedWeights(
      call.path,
      `it is ${imported.architecture}, not ${call.architecture}`,
      'Look for another file.',
    );
  }
  const { terms } = imported;
  if (terms !== null && !call.acceptedTerms.includes(terms)) throw termsNotAccepted(call.path, terms);
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
 * @throws UserError BAD_INPUT, MODEL_UNAVAILABLE, ALREADY_EXISTS, FILE_NOT_FOUND, FILE_UNUSABLE, DISK_FULL
 */
export async function exportToFile(call: CallOf<'export-encoder'>): Promise<ResultOf<'export-encoder'>> {
  const { weights, model, format, path, overwrite } = call;
  return await exportEncoder({ source: await openAnyModel(weights), model, format, path, overwrite });
}

/**
 * Recognises an encoder as an import would, and keeps nothing.
 * @throws UserError as `importToFolder`, except for terms
 */
export async function inspectFile(call: CallOf<'inspect-encoder'>): Promise<ResultOf<'inspect-encoder'>> {
  const { architecture, encoder, licence, terms, maps, heads } = await read(call);
  return { architecture, encoder, licence, terms, maps, heads };
}

/** An ONNX file is run to see what it gives; see [Note: Memory of foreign graphs]. */
function read({ path, choices }: Pick<CallOf<'import-encoder'>, 'path' | 'choices'>): Promise<ImportedModel> {
  return memoryWatch.during({ path, pixels: 0 }, () => importModel(path, choices));
}

function termsNotAccepted(path: string, name: TermsName): UserError {
  const { title, address, summary } = TERMS[name];
  return userError('terms-not-accepted', { file: basename(path), title, summary, address });
}
