import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * Which files the readers of a job have open, each by the base64 of its path.
 *
 * [Note: Files that end their reader] A decoder can crash, hang or use up the memory, and its process ends without
 * saying at which file. So each process and thread that opens files notes which it has open. The process that takes up
 * the work finds these as suspects and reads each alone, before anything else. A file that ends a process again,
 * alone, is a culprit: this job does not open it again, and continues with the others.
 */
export type ReadingNotes = {
  open: string[];
  /** The suspect that was being read alone. */
  alone: string | null;
  /** Found by this job so far. */
  culprits: string[];
};

const StoredNotes = z.object({
  open: z.array(z.string()),
  alone: z.string().nullable(),
  culprits: z.array(z.string()),
});

/** Ends the notes of a file, behind which those of an earlier, longer state may still lie. */
const END = '\0';

export const formatNotes = (notes: ReadingNotes): string => JSON.stringify(notes) + END;

/** What all readers of a job have noted in its folder; unreadable notes count as none. */
export function readNotes(folder: string): ReadingNotes {
  const all = namesIn(folder).flatMap((name) => parseNotes(join(folder, name)));
  return {
    open: [...new Set(all.flatMap(({ open }) => open))],
    alone: all.find(({ alone }) => alone !== null)?.alone ?? null,
    culprits: [...new Set(all.flatMap(({ culprits }) => culprits))],
  };
}

/** For a job that has ended in an orderly way: whatever its readers still had open did not end them. */
export function forgetNotes(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // What stays is read alone the next time.
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function parseNotes(path: string): ReadingNotes[] {
  try {
    const [text = ''] = readFileSync(path, 'utf8').split(END);
    return [StoredNotes.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}
