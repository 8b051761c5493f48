import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { ForegroundNote } from '../../contract/segmentation.ts';
import { writeFileAtomically } from '../weights/atomic-file.ts';
import type { ForegroundModel } from './head/learn-foreground.ts';
import type { Lessons } from './head/lessons.ts';
import type { CollectionModel } from './segment-image.ts';
import { makeFolder } from '../../domain/make-folder.ts';

/** Changes with every change of what a CollectionModel is: an older one is learned again. */
const MODEL_VERSION = 2;
/** The same of Lessons: without them, others learn on their own. */
const LESSONS_VERSION = 2;

/** Files of earlier apps do not say what distinguishes things. */
type KeptModel = Omit<CollectionModel, 'foreground'> & {
  foreground: Omit<ForegroundModel, 'things'> & Partial<Pick<ForegroundModel, 'things'>>;
};

/** Keeps what was learned from a collection, whole or not at all. */
export async function writeCollectionModel(path: string, model: CollectionModel): Promise<void> {
  await writeWhole(path, { version: MODEL_VERSION, model });
}

/** What was kept; undefined for a file that is not there, is damaged, or was written by an older app. */
export async function readCollectionModel(path: string): Promise<CollectionModel | undefined> {
  // Written by `writeCollectionModel` alone: of the same version, it is of the same shape, but for parts of the note and what distinguishes things.
  const kept = (await read(path)) as { version?: number; model: KeptModel } | undefined;
  if (kept?.version !== MODEL_VERSION) return undefined;
  const { foreground } = kept.model;
  const note = ForegroundNote.parse(foreground.note);
  return { ...kept.model, foreground: { ...foreground, things: foreground.things ?? null, note } };
}

/** Keeps what a collection's images have taught, whole or not at all. */
export async function writeLessons(path: string, lessons: Lessons): Promise<void> {
  await writeWhole(path, { version: LESSONS_VERSION, lessons });
}

/** What was kept; undefined for a file that is not there, is damaged, or is of another version of the app. */
export async function readLessons(path: string): Promise<Lessons | undefined> {
  // Written by `writeLessons` alone: of the same version, it is of the same shape.
  const kept = (await read(path)) as { version?: number; lessons: Lessons } | undefined;
  return kept?.version === LESSONS_VERSION ? kept.lessons : undefined;
}

async function writeWhole(path: string, value: unknown): Promise<void> {
  await makeFolder(dirname(path));
  await writeFileAtomically(path, (write) => write(serialize(value)));
}

async function read(path: string): Promise<unknown> {
  const bytes = await readFile(path).catch(() => undefined);
  try {
    return bytes && deserialize(bytes);
  } catch {
    return undefined;
  }
}
