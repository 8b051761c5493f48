import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vitTensors, type VitSpec } from '../../src-main/core/model/vit/spec.ts';
import { sizeOf } from '../../src-main/core/tensor/shape.ts';
import { writeTorchFile } from '../../src-main/core/weights/pickle/write-torch.ts';
import { bytesOf } from '../../src-main/core/weights/stored-tensor.ts';
import { nameSeed, signedUnit } from './random-data.ts';

/** A network that is called as the published ones are, with a single block: a few megabytes. */
export const SMALL_VIT: VitSpec = {
  family: 'dino',
  patch: 16,
  width: 384,
  heads: 6,
  blocks: 1,
  hidden: 64,
  registers: 0,
  grid: 2,
  epsilon: 1e-6,
};

/** What has a dimension for the batch in the authors' files. */
const TOKENS = ['cls_token', 'pos_embed', 'register_tokens'];

/** The bytes of a PyTorch file of random weights. */
export async function vitFileBytes(spec: VitSpec): Promise<Buffer> {
  // Also for hooks, in which no folder ends with its test.
  const folder = mkdtempSync(join(tmpdir(), 'r2o-test-'));
  const path = join(folder, 'weights.pth');
  const tensors = [...vitTensors(spec)].map(([name, shape]) => ({
    name,
    dtype: 'F32' as const,
    shape: TOKENS.includes(name) ? [1, ...(shape.length === 1 ? [1] : []), ...shape] : shape,
    bytes: () => bytesOf(signedUnit(nameSeed(name), sizeOf(shape))),
  }));
  await writeTorchFile(path, tensors, {});
  const bytes = readFileSync(path);
  rmSync(folder, { recursive: true });
  return bytes;
}
