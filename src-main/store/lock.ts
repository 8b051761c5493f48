import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { userError } from '../contract/errors.ts';
import { dataLayout } from '../domain/data-layout.ts';
import { makePrivateFolder } from './private-folder.ts';

/** Who holds a data folder, for messages to people. */
const LockHolder = z.object({ pid: z.number().int(), role: z.string() });
export type LockHolder = z.infer<typeof LockHolder>;

/**
 * Takes a data folder for this process; one process at a time writes to it.
 *
 * The lock is SQLite's own on a small file next to the database: it works the same on every platform, and the
 * operating system lets go of it when the process dies, however it dies.
 * @returns the lock, or undefined when another process holds it
 * @throws UserError DATA_FOLDER_UNUSABLE when the folder cannot be written, UNSUPPORTED_RUNTIME when SQLite does not load
 */
export function acquireDataFolderLock(folder: string, holder: LockHolder): DataFolderLock | undefined {
  const layout = dataLayout(folder);
  let db: Database.Database | undefined;
  try {
    makePrivateFolder(folder);
    db = new Database(layout.lock, { timeout: 0 });
    db.pragma('journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
    writeFileSync(layout.lockHolder, JSON.stringify(holder));
    return new DataFolderLock(db);
  } catch (cause) {
    db?.close();
    if (cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY')) return undefined;
    const key = isLoadFailure(cause) ? 'sqlite-not-loaded' : 'data-folder-unusable';
    throw userError(key, { path: folder, machine: `${process.platform}-${process.arch}` }, { cause });
  }
}

/** Whether a native library is missing, or is made for another system or processor. */
function isLoadFailure(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED';
}

export class DataFolderLock {
  readonly #db: Database.Database;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

/** Who holds the folder; undefined if that is unknown. */
export function readLockHolder(folder: string): LockHolder | undefined {
  try {
    return LockHolder.parse(JSON.parse(readFileSync(dataLayout(folder).lockHolder, 'utf8')));
  } catch {
    // Missing, or caught while it is written: the holder is only named to be helpful.
    return undefined;
  }
}
