import type { TensorFile } from './encoder-tensors.ts';
import { SafetensorsFile } from './safetensors.ts';

/** A file of tensors, open for reading, and what kind of file it is. The caller disposes it. */
export type OpenWeights = TensorFile &
  AsyncDisposable & {
    readonly format: 'safetensors';
    /** Free text kept in the file, where its kind has any. */
    readonly metadata: ReadonlyMap<string, string>;
    /** SHA-256 of the whole file, 32 bytes. */
    sha256: () => Promise<Uint8Array>;
  };

/**
 * Opens a file of weights, whatever its kind: told by its content and not by its name.
 * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED, FILE_NOT_FOUND, FILE_UNUSABLE
 */
export async function openWeights(path: string): Promise<OpenWeights> {
  return await SafetensorsFile.open(path);
}
