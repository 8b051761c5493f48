import { z } from 'zod';
import { vitTensors, VitSpec, type Vit } from '../../model/vit/spec.ts';
import type { WrittenFile } from '../atomic-file.ts';
import { SafetensorsFile, writeSafetensors } from '../safetensors.ts';
import { bytesOf, toFloat32 } from '../stored-tensor.ts';
import { damagedFile } from '../weights-error.ts';

const METADATA_KEY = 'r2o_vit';
const Rgb = z.tuple([z.number(), z.number(), z.number()]);

/** How images enter the network, in addition to its shape. */
const VitDescription = z.object({ version: z.literal(1), spec: VitSpec, mean: Rgb, std: Rgb });
type VitDescription = z.infer<typeof VitDescription>;

/** A network, and how images enter it. */
export type VitFileContents = Vit & Pick<VitDescription, 'mean' | 'std'>;

/**
 * Writes the app's copy of a Vision Transformer: safetensors with the names of `vitTensors`, and its description.
 * @throws UserError DISK_FULL, FILE_NOT_FOUND (no such folder), FILE_UNUSABLE
 */
export async function writeVitFile(
  path: string,
  vit: Vit,
  rgb: Omit<VitDescription, 'version' | 'spec'>,
): Promise<WrittenFile> {
  const tensors = [...vitTensors(vit.spec)].map(([name, shape]) => ({
    name,
    dtype: 'F32' as const,
    shape,
    bytes: () => bytesOf(vit.weights[name] ?? new Float32Array()),
  }));
  const description: VitDescription = { version: 1, spec: vit.spec, ...rgb };
  return await writeSafetensors(path, tensors, { [METADATA_KEY]: JSON.stringify(description) });
}

/** Whether a file of the app's holds a Vision Transformer. */
export async function isVitFile(path: string): Promise<boolean> {
  await using file = await SafetensorsFile.open(path);
  return file.metadata.has(METADATA_KEY);
}

/**
 * Reads a file that `writeVitFile` wrote.
 * @param sha256 what the file's SHA-256 must be, 32 bytes
 * @throws UserError WEIGHTS_DAMAGED, FILE_NOT_FOUND, FILE_UNUSABLE
 */
export async function readVitFile(path: string, sha256: Uint8Array): Promise<VitFileContents> {
  await using file = await SafetensorsFile.open(path);
  if (Buffer.compare(await file.sha256(), sha256) !== 0) {
    throw damagedFile(path, 'it is not the file that was saved: its SHA-256 differs');
  }
  const { spec, mean, std } = VitDescription.parse(JSON.parse(file.metadata.get(METADATA_KEY) ?? 'null'));
  const weights: Record<string, Float32Array> = {};
  for (const name of vitTensors(spec).keys()) weights[name] = toFloat32(await file.read(name));
  return { spec, weights, mean, std };
}
