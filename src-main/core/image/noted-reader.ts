import { randomUUID } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { forgetNotes, formatNotes, readNotes } from '../../domain/reading-notes.ts';
import { ImageProblemError } from './image-problem.ts';
import { makeFolderSync } from '../../domain/make-folder.ts';

/** What a thread needs to note what it reads. */
export type NotedReaderSpec = { folder: string; culprits: readonly string[] };

/**
 * Reads files and notes which it has open; see [Note: Files that end their reader]. Notes are a help, so those that
 * cannot be written (a full disk) are missing, and nothing fails.
 */
export class NotedReader {
  readonly spec: NotedReaderSpec;
  readonly #suspects: Set<string>;
  readonly #culprits: ReadonlySet<string>;
  /** How often each is being read. */
  readonly #open = new Map<string, number>();
  readonly #file: number | undefined;
  #alone: string | null = null;

  /** A further reader of a job, in a thread. */
  constructor(spec: NotedReaderSpec, suspects: readonly string[] = []) {
    this.spec = spec;
    this.#suspects = new Set(suspects);
    this.#culprits = new Set(spec.culprits);
    this.#file = unlessRefused(() => {
      makeFolderSync(spec.folder);
      return openSync(join(spec.folder, randomUUID()), 'w');
    });
    this.#note();
  }

  /** The first reader of a job's process: takes over what the process before it has left in the folder. */
  static takeUp(folder: string): NotedReader {
    const { open, alone, culprits } = readNotes(folder);
    const found = alone === null ? culprits : [...culprits, alone];
    forgetNotes(folder);
    return new NotedReader(
      { folder, culprits: found },
      open.filter((key) => !found.includes(key)),
    );
  }

  /** Whether a file was open when the process before ended; it has to be read while no other is. */
  isSuspect(path: string | Buffer): boolean {
    return this.#suspects.has(keyOf(path));
  }

  /**
   * Runs `read`, which opens and decodes a file.
   * @param path as `resolveFile` gives it
   * @throws ImageProblemError `crash` for a culprit; and what `read` throws
   */
  async read<T>(path: string | Buffer, read: () => Promise<T>): Promise<T> {
    const key = keyOf(path);
    if (this.#culprits.has(key)) throw new ImageProblemError('crash', CULPRIT);
    if (this.#suspects.has(key)) this.#alone = key;
    this.#open.set(key, (this.#open.get(key) ?? 0) + 1);
    this.#note();
    try {
      return await read();
    } finally {
      this.#close(key);
    }
  }

  #close(key: string): void {
    const left = (this.#open.get(key) ?? 1) - 1;
    if (left > 0) this.#open.set(key, left);
    else this.#open.delete(key);
    this.#suspects.delete(key);
    if (this.#alone === key) this.#alone = null;
    this.#note();
  }

  #note(): void {
    const file = this.#file;
    if (file === undefined) return;
    const notes = formatNotes({
      // Suspects count as open until they have been read, however often the work is interrupted.
      open: [...this.#open.keys(), ...this.#suspects],
      alone: this.#alone,
      culprits: [...this.#culprits],
    });
    unlessRefused(() => writeSync(file, notes, 0));
  }
}

const CULPRIT =
  'Reading this file ended the worker process twice: it crashes the decoder or takes too much memory or time. ' +
  'Export it again as PNG or JPEG, then rescan; to try this file again, rescan with --verify.';

const keyOf = (path: string | Buffer): string => Buffer.from(path).toString('base64');

function unlessRefused<T>(write: () => T): T | undefined {
  try {
    return write();
  } catch {
    return undefined;
  }
}
