import { UserError } from '../../contract/errors.ts';
import type { ModelWeights } from '../../domain/model-weights.ts';
import { ARCHITECTURES } from '../model/architectures.ts';
import { untrainedEncoder, type Encoder } from './encoder.ts';
import { readEncoderFile } from './encoder-file.ts';

/**
 * The encoder behind a model of the store: read from its file, whose checksum must still be the one that was
 * saved, or drawn from its seed.
 * @throws UserError MODEL_UNAVAILABLE when the file is gone or is another
 */
export async function openModel(weights: ModelWeights): Promise<Encoder> {
  if (weights.kind === 'untrained') {
    return untrainedEncoder(ARCHITECTURES[weights.architecture], weights.seed);
  }
  try {
    return (await readEncoderFile(weights.path, Buffer.from(weights.sha256, 'hex'))).encoder;
  } catch (error) {
    const isLost = error instanceof UserError && LOST.some((code) => code === error.code);
    if (!isLost) throw error;
    throw new UserError('MODEL_UNAVAILABLE', `The weights of this model cannot be used: ${error.message}`, {
      hint: 'Restore the file from a backup of the data folder, or remove the model and import it again.',
      cause: error,
    });
  }
}

const LOST = ['FILE_NOT_FOUND', 'FILE_UNUSABLE', 'WEIGHTS_DAMAGED'] as const;
