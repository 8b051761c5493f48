import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { writeFileAtomically } from '../../weights/atomic-file.ts';
import type { DescriptionModel } from './description-model.ts';
import type { VectorTable } from './nearest.ts';
import { makeFolder } from '../../../domain/make-folder.ts';

/** Changes with every change of what a vector is: older ones are computed again. */
const VERSION = 1;

/** The images of a segmentation and their masks as vectors that can be compared. */
export type Descriptions = VectorTable & {
  model: DescriptionModel;
  /** [n]: the mask of each row; 0 for the image as a whole. */
  maskIds: Int32Array;
  /** [n] */
  imageIds: Int32Array;
  /** [n]: of the mask's shape, or a number of the image's content, when it was described. */
  revisions: Int32Array;
  /** [n]: of the mask; 0 for objects and for images. */
  levels: Uint8Array;
};

/** Keeps them, whole or not at all. */
export async function writeDescriptions(path: string, descriptions: Descriptions): Promise<void> {
  await makeFolder(dirname(path));
  await writeFileAtomically(path, (write) => write(serialize({ version: VERSION, descriptions })));
}

/** What was kept; undefined for a file that is not there, is damaged, or that another version of the app wrote. */
export async function readDescriptions(path: string): Promise<Descriptions | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  const kept = bytes && parsed(bytes);
  return kept?.version === VERSION ? kept.descriptions : undefined;
}

/** Undefined for a damaged file: what it held is computed again. */
function parsed(bytes: Buffer): { version?: number; descriptions: Descriptions } | undefined {
  try {
    // Written by `writeDescriptions` alone: of the same version, it is of the same shape.
    return deserialize(bytes) as { version?: number; descriptions: Descriptions };
  } catch {
    return undefined;
  }
}
