import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type UserError, userError } from '../contract/errors.ts';
import { translateSqliteError } from './sqlite-errors.ts';

/** Stored with the settings, but not one of them. */
const CHECKED_KEY = 'databaseCheckedAtMs';
const CHECK_EVERY_MS = 7 * 24 * 60 * 60 * 1_000;
/** Findings of SQLite that are reported. */
const MAX_FINDINGS = 5;

/**
 * Looks for damaged pages when a database is opened that has not been looked at for a week, or that the process before
 * did not close. It reads the whole file (about a second for 500 MB), and leaves the comparison of tables with their
 * indices to `r2o doctor`.
 * @param wasClosed whether the process that had it open before closed it
 * @throws UserError DATABASE_DAMAGED
 */
export function checkNowAndThen(
  db: Database.Database,
  { wasClosed, nowMs }: { wasClosed: boolean; nowMs: number },
): void {
  const checkedAtMs = Number(
    db.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck().get(CHECKED_KEY) ?? 0,
  );
  // A clock that was set back is no reason not to look.
  if (wasClosed && nowMs >= checkedAtMs && nowMs - checkedAtMs < CHECK_EVERY_MS) return;
  const found = db.pragma(`quick_check(${MAX_FINDINGS})`, { simple: true });
  if (found !== 'ok') throw damaged(db.name, String(found));
  db.prepare(
    'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  ).run(CHECKED_KEY, JSON.stringify(nowMs));
}

/** Whether a process that had this database open left its log behind. */
export function wasLeftOpen(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/**
 * Checks all of a database, table by table, so that whoever waits for this thread is let in between.
 * @returns what is wrong with it, in SQLite's words; empty if it is sound
 * @throws UserError as `openStore`, for a file that is no database or cannot be read
 */
export async function findDamage(file: string): Promise<string[]> {
  const found: string[] = [];
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { readonly: true, fileMustExist: true });
    const tables = db
      .prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
      .pluck()
      .all();
    for (const table of tables) {
      await new Promise(setImmediate);
      found.push(...damageOf(db, table));
    }
    // What is damaged cannot be compared.
    if (found.length > 0) return found.slice(0, MAX_FINDINGS);
    const orphans = db.pragma('foreign_key_check') as { table: string; parent: string }[];
    return orphans
      .slice(0, MAX_FINDINGS)
      .map(({ table, parent }) => `a row of ${table} refers to a missing row of ${parent}`);
  } catch (error) {
    throw translateSqliteError(error, file);
  } finally {
    db?.close();
  }
}

function damageOf(db: Database.Database, table: string): string[] {
  try {
    // The pragma gives one row a finding, in a column named after it.
    const rows = db.pragma(`integrity_check('${table}')`) as { integrity_check: string }[];
    return rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
  } catch (error) {
    // A table whose first page is damaged cannot even be checked.
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_CORRUPT')) throw error;
    return [`the table ${table} cannot be read`];
  }
}

function damaged(file: string, found: string): UserError {
  return userError('database-found-damaged', { path: file, found: found.split('\n').join('; ') });
}
