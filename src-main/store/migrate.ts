import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { userError } from '../contract/errors.ts';
import { makePrivate } from './private-folder.ts';
import { backupFiles, isBackup } from '../domain/data-layout.ts';

export type Migration = { version: number; sql: string };

const BACKUPS_KEPT = 3;
/** 'R2OS': distinguishes our files from other SQLite databases. */
const APPLICATION_ID = 0x52324f53;

/**
 * The migrations of this build, in order, from `migrations/NNNN-name.sql`. The number is the schema version
 * that the file leads to.
 */
export function knownMigrations(): Migration[] {
  const files = import.meta.glob<string>('./migrations/*.sql', {
    query: '?raw',
    import: 'default',
    eager: true,
  });
  return Object.entries(files)
    .map(([file, sql]) => ({ version: Number.parseInt(basename(file), 10), sql }))
    .sort((a, b) => a.version - b.version);
}

/**
 * Brings a database to the newest schema. Each migration runs in its own transaction with its version
 * number, so a failure leaves the version before it, whole. A database with content is backed up first.
 */
export function migrate(db: Database, migrations: readonly Migration[], nowMs: () => number): void {
  const current = schemaVersion(db);
  const pending = migrations.filter(({ version }) => version > current);
  if (pending.length === 0) return;
  if (current > 0) backUp(db, current, nowMs());
  for (const { version, sql } of pending) {
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${version}`);
      db.pragma(`application_id = ${APPLICATION_ID}`);
    }).exclusive();
  }
}

/**
 * Refuses files that this build must not touch, before anything is written to them.
 * @throws UserError DATABASE_TOO_NEW when a newer app wrote it, DATABASE_DAMAGED when another program did
 */
export function refuseForeign(db: Database, migrations: readonly Migration[]): void {
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (isEmpty) return;
  if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw userError('database-foreign', { path: db.name });
  }
  const current = schemaVersion(db);
  const newest = migrations.at(-1)?.version ?? 0;
  if (current <= newest) return;
  throw userError('database-too-new', { path: db.name, schema: current, newest });
}

function schemaVersion(db: Database): number {
  // A simple pragma returns its single number (SQLite documentation, PRAGMA user_version).
  return db.pragma('user_version', { simple: true }) as number;
}

/** Writes a compact copy next to the database and keeps the newest few. */
function backUp(db: Database, version: number, nowMs: number): void {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-');
  // One that a full disk cut short must not push out a good one.
  const { partial, whole } = backupFiles(db.name, version, stamp);
  rmSync(partial, { force: true });
  try {
    db.prepare('VACUUM INTO ?').run(partial);
  } catch (error) {
    // On a full disk, half a copy would take the room that somebody is about to make.
    rmSync(partial, { force: true });
    throw error;
  }
  makePrivate(partial);
  renameSync(partial, whole);
  const folder = dirname(db.name);
  const backups = readdirSync(folder).filter((name) => isBackup(db.name, name));
  // By version first: with a clock that was set back, the stamp of the newest may be the lowest.
  const byAge = backups.sort((a, b) => versionOf(a) - versionOf(b) || stampOf(a).localeCompare(stampOf(b)));
  const old = byAge.slice(0, -BACKUPS_KEPT).filter((name) => name !== basename(whole));
  for (const name of old) rmSync(join(folder, name));
}

const stampOf = (backup: string) => backup.split('.').at(-2) ?? '';
const versionOf = (backup: string) => Number(/\.v(\d+)\./.exec(backup)?.[1] ?? 0);
