import { z } from 'zod';
import { IMAGE_MEAN, IMAGE_STD } from '../image/augment/normalise.ts';
import type { WrittenFile } from './atomic-file.ts';
import { architectureName } from '../model/architectures.ts';
import type { Encoder } from './encoder.ts';
import { readEncoder, torchTensors } from './encoder-tensors.ts';
import { SafetensorsFile, writeSafetensors } from './safetensors.ts';
import { damagedFile } from './weights-error.ts';

/**
 * [Note: Encoder file] What the app keeps of a model, and what `--format safetensors` exports: a safetensors
 * file with torchvision's names and PyTorch's layout, so that other tools load it as it is, and this
 * description as JSON under the metadata key `r2o_encoder`.
 */
const METADATA_KEY = 'r2o_encoder';

const Triple = z.tuple([z.number(), z.number(), z.number()]);

/** The description of an encoder in its file. */
export const EncoderDescription = z.object({
  version: z.literal(1),
  /** As `architectureName` says it. */
  architecture: z.string(),
  producer: z.string(),
  /** Images are RGB in [0, 1], less the mean, divided by the deviation. */
  mean: Triple,
  std: Triple,
  /** Side of the square views that it was trained on; null when unknown. */
  viewPx: z.number().int().positive().nullable(),
  /** Batches that the running statistics have seen; 0 when unknown. */
  batchesTracked: z.number().int().min(0),
});
export type EncoderDescription = z.infer<typeof EncoderDescription>;

/** What only the maker of an encoder knows about it. */
export type EncoderFacts = Pick<EncoderDescription, 'viewPx' | 'batchesTracked'>;

/**
 * Writes an encoder file; see [Note: Encoder file].
 * @throws UserError DISK_FULL, FILE_NOT_FOUND (no such folder), FILE_UNUSABLE
 */
export async function writeEncoderFile(
  path: string,
  encoder: Encoder,
  facts: EncoderFacts,
): Promise<WrittenFile> {
  const description: EncoderDescription = {
    version: 1,
    architecture: architectureName(encoder.spec),
    producer: 'R2O Studio',
    mean: [...IMAGE_MEAN],
    std: [...IMAGE_STD],
    ...facts,
  };
  // Hugging Face's loaders ask for `format` before they read a file.
  const metadata = { format: 'pt', [METADATA_KEY]: JSON.stringify(description) };
  return await writeSafetensors(path, torchTensors(encoder, facts.batchesTracked), metadata);
}

/**
 * Reads an encoder file that `writeEncoderFile` wrote.
 * @param sha256 what the file's SHA-256 must be, 32 bytes; not compared when left out
 * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED, FILE_NOT_FOUND, FILE_UNUSABLE
 */
export async function readEncoderFile(
  path: string,
  sha256?: Uint8Array,
): Promise<{ encoder: Encoder; description: EncoderDescription }> {
  await using file = await SafetensorsFile.open(path);
  if (sha256 && Buffer.compare(await file.sha256(), sha256) !== 0) {
    throw damagedFile(path, 'it is not the file that was saved: its SHA-256 is different');
  }
  const description = descriptionIn(file.metadata);
  if (!description) throw damagedFile(path, `it has no valid '${METADATA_KEY}' in its metadata`);
  const names = new Map([...file.tensors.keys()].map((name) => [name, name] as const));
  return { encoder: await readEncoder(file, names), description };
}

/** The description that the app left in a file's metadata, if it is one of ours. */
export function descriptionIn(metadata: ReadonlyMap<string, string>): EncoderDescription | undefined {
  return EncoderDescription.safeParse(parseJson(metadata.get(METADATA_KEY))).data;
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
