import { readFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import type { LaidPoints } from '../../../domain/laid-map.ts';
import { writeFileAtomically } from '../../weights/atomic-file.ts';
import type { Settling } from './settle.ts';

/** Changes with every change of what the rounds depend on: older ones are begun again. */
const VERSION = 1;

/** A map between two rounds of its layout. */
export type MapCheckpoint = {
  /** Of the vectors that are laid out. */
  key: string;
  /** The images, which are laid out first; null while they are. */
  images: LaidPoints | null;
  /** Of the objects, or of the images if these are not laid out yet. */
  settling: Settling;
};

/** Keeps one, whole or not at all. @throws UserError DISK_FULL, FILE_UNUSABLE */
export async function writeCheckpoint(path: string, checkpoint: MapCheckpoint): Promise<void> {
  await writeFileAtomically(path, (write) => write(serialize({ version: VERSION, checkpoint })));
}

/** What was kept of the same vectors; undefined if there is nothing, or nothing that can be read. */
export async function readCheckpoint(path: string, key: string): Promise<MapCheckpoint | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  const kept = bytes && parsed(bytes);
  return kept?.version === VERSION && kept.checkpoint.key === key ? kept.checkpoint : undefined;
}

function parsed(bytes: Buffer): { version?: number; checkpoint: MapCheckpoint } | undefined {
  try {
    // Written by `writeCheckpoint` alone: of the same version, it is of the same shape.
    return deserialize(bytes) as { version?: number; checkpoint: MapCheckpoint };
  } catch {
    return undefined;
  }
}
