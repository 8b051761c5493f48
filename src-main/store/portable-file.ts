import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { phrase, type PlainPhraseKey } from '../contract/error-texts/error-text.ts';
import { userError } from '../contract/errors.ts';
import { nameBeside } from '../domain/name-beside.ts';
import { statsIfAny } from '../domain/regular-file.ts';
import { translateSqliteError } from './sqlite-errors.ts';

/** A kind of SQLite file that travels between machines. */
export type PortableKind = {
  /** Distinguishes it from other SQLite files. */
  applicationId: number;
  /** Changes whenever what is in it does: other versions are refused. */
  version: number;
  schema: string;
  /** How messages call it. */
  what: PlainPhraseKey;
};

/**
 * Writes such a file. It appears under its name only when all of it is on the disk.
 * @param fill writes the rows, in one transaction
 * @returns its size in bytes
 * @throws UserError DISK_FULL, DATA_FOLDER_UNUSABLE; what `fill` throws
 */
export async function writePortableFile(
  path: string,
  kind: PortableKind,
  fill: (db: Database.Database) => Promise<void>,
): Promise<number> {
  // A name that nobody else has: what is there already is not ours to remove.
  const partial = nameBeside(path, { suffix: `.${randomBytes(6).toString('hex')}.partial` });
  try {
    await fillDatabase(partial, kind, fill);
    syncFile(partial);
    renameSync(partial, path);
    return statSync(path).size;
  } catch (error) {
    rmSync(partial, { force: true });
    throw translateSqliteError(error, path);
  }
}

async function fillDatabase(
  partial: string,
  { applicationId, version, schema }: PortableKind,
  fill: (db: Database.Database) => Promise<void>,
): Promise<void> {
  const db = new Database(partial);
  try {
    // It is renamed when it is whole, so it needs no journal.
    db.pragma('journal_mode = OFF');
    db.pragma('synchronous = OFF');
    db.exec(schema);
    db.exec('BEGIN');
    await fill(db);
    db.exec('COMMIT');
    db.pragma(`user_version = ${version}`);
    db.pragma(`application_id = ${applicationId}`);
  } finally {
    db.close();
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Opens such a file for reading only; it may be on a drive that cannot be written.
 * @throws UserError FILE_NOT_FOUND, FILE_UNUSABLE for another file, or one of another version
 */
export function openPortableFile(path: string, kind: PortableKind): Database.Database {
  if (!statsIfAny(path)?.isFile()) throw userError('no-such-file', { path });
  const what = phrase(kind.what);
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true });
    if (db.pragma('application_id', { simple: true }) !== kind.applicationId) {
      throw userError('portable-foreign', { path, what });
    }
  } catch (error) {
    db?.close();
    const translated = error instanceof Database.SqliteError && error.code === 'SQLITE_NOTADB';
    throw translated ? userError('portable-foreign', { path, what }) : translateSqliteError(error, path);
  }
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version === kind.version) return db;
  db.close();
  throw userError('portable-version', { path, what, version, known: kind.version });
}
