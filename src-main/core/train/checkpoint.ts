import { z } from 'zod';
import { UserError, userError } from '../../contract/errors.ts';
import { SafetensorsFile, writeSafetensors, type TensorSource } from '../weights/safetensors.ts';
import type { HostTensors } from '../compile/runtime/step.ts';
import type { NamedSpecs } from '../compile/trace/trace.ts';
import type { HostData } from '../tensor/dtype.ts';

/** Metadata key of the description, which is JSON. */
const METADATA_KEY = 'r2o_checkpoint';
const PREVIEW_PREFIX = 'preview.';

/** What a checkpoint contains in addition to the state; the rest follows from the run's configuration and the step. */
const Description = z.object({
  version: z.literal(1),
  /** Steps done: the next one to do. */
  step: z.number().int().min(0),
  /** Absent for a run that clusters nothing. */
  superpixelSlots: z.number().int().positive().optional(),
});

/** What a checkpoint is made of: the state of a trainer of any kind. */
export type Saved = {
  readonly stateSpecs: NamedSpecs;
  /** See `Trainer.superpixelSlots`. */
  readonly superpixelSlots?: number;
  get: (name: string) => Promise<HostData>;
};

/** What a checkpoint is restored to. */
type Trained = Saved & {
  restore: (values: HostTensors) => Promise<void>;
};

/** A point of a run from which it resumes as if it had never stopped. */
export type Checkpoint = {
  step: number;
  /** See `Trainer.superpixelSlots`. */
  superpixelSlots: number;
  /** Region maps of the latest preview. */
  previews: readonly Uint8Array[];
};

/**
 * Writes the state of a run, one tensor at a time: to a temporary file first, so that a checkpoint is whole or absent.
 * @returns the file's SHA-256, 32 bytes
 * @throws UserError DISK_FULL, FILE_UNUSABLE
 */
export async function writeCheckpoint(
  path: string,
  trainer: Saved,
  { step, previews }: Pick<Checkpoint, 'step' | 'previews'>,
): Promise<{ sha256: Uint8Array }> {
  const specs = Object.entries(trainer.stateSpecs);
  const state = specs.map(([name, { shape }]): TensorSource => ({
    name,
    dtype: 'F32',
    shape,
    bytes: async () => bytesOf(await trainer.get(name)),
  }));
  const maps = previews.map((map, index): TensorSource => ({
    name: `${PREVIEW_PREFIX}${index}`,
    dtype: 'U8',
    shape: [map.length],
    bytes: () => map,
  }));
  const description = { version: 1, step, superpixelSlots: trainer.superpixelSlots };
  return writeSafetensors(path, [...state, ...maps], { [METADATA_KEY]: JSON.stringify(description) });
}

/**
 * Opens a checkpoint, checking every byte of it.
 * @param sha256 as `writeCheckpoint` returned it
 * @throws UserError CHECKPOINT_DAMAGED; what `SafetensorsFile.open` throws
 */
export async function openCheckpoint(path: string, sha256: Uint8Array): Promise<OpenCheckpoint> {
  const file = await openFile(path);
  try {
    if (Buffer.compare(await file.sha256(), sha256) !== 0) throw damaged(path);
    const text = file.metadata.get(METADATA_KEY) ?? 'null';
    const description = Description.safeParse(JSON.parse(text));
    if (!description.success) throw damaged(path);
    return new OpenCheckpoint(file, description.data);
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

/** A tensor of a checkpoint, as numbers. */
export async function float32In(file: SafetensorsFile, name: string): Promise<Float32Array> {
  return float32Of((await file.read(name)).bytes);
}

async function openFile(path: string): Promise<SafetensorsFile> {
  try {
    return await SafetensorsFile.open(path);
  } catch (error) {
    if (error instanceof UserError && error.code === 'WEIGHTS_DAMAGED') throw damaged(path);
    throw error;
  }
}

/** A checkpoint whose bytes have been verified. The caller disposes it. */
export class OpenCheckpoint implements AsyncDisposable {
  readonly step: number;
  readonly superpixelSlots: number | undefined;
  readonly #file: SafetensorsFile;

  constructor(file: SafetensorsFile, { step, superpixelSlots }: z.infer<typeof Description>) {
    this.#file = file;
    this.step = step;
    this.superpixelSlots = superpixelSlots;
  }

  /** Puts the state back, one tensor at a time. @throws UserError CHECKPOINT_DAMAGED when it is of another network */
  async restore(trainer: Trained): Promise<void> {
    const specs = Object.entries(trainer.stateSpecs);
    for (const [name, { shape }] of specs) {
      const entry = this.#file.tensors.get(name);
      if (entry?.dtype !== 'F32' || entry.shape.join() !== shape.join()) throw damaged(this.#file.path);
      await trainer.restore({ [name]: await float32In(this.#file, name) });
    }
  }

  async previews(): Promise<Uint8Array[]> {
    const maps: Uint8Array[] = [];
    while (this.#file.tensors.has(`${PREVIEW_PREFIX}${maps.length}`)) {
      maps.push((await this.#file.read(`${PREVIEW_PREFIX}${maps.length}`)).bytes);
    }
    return maps;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

function bytesOf(data: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function float32Of(bytes: Uint8Array): Float32Array {
  // Copied if its offset is not a multiple of four.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

function damaged(path: string): UserError {
  return userError('checkpoint-damaged', { path });
}
