import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { JobId } from '../../../src-main/contract/ids.ts';
import { openStore, Store } from '../../../src-main/store/database.ts';
import { acquireDataFolderLock, readLockHolder } from '../../../src-main/store/lock.ts';
import { knownMigrations, type Migration } from '../../../src-main/store/migrate.ts';
import { closeToOthers, makePrivateFolder } from '../../../src-main/store/private-folder.ts';
import { probeSqlite } from '../../../src-main/store/probe.ts';
import { findDamage } from '../../../src-main/store/soundness.ts';
import { asInspected, migrationsAround, scanFolder, TestStore } from '../../support/store.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const newest = knownMigrations().at(-1)?.version ?? 0;
const nowMs = () => Date.parse('2026-01-01T00:00:00Z');

/** A migration that a later version of the app might bring. */
const later = (by: number, sql = `CREATE TABLE later_${by} (id INTEGER PRIMARY KEY) STRICT`): Migration => ({
  version: newest + by,
  sql,
});

/** A database with one collection, closed; its path. */
function writtenDatabase(folder = tempFolder()): string {
  using written = new TestStore(folder);
  written.collection('pets');
  return written.file;
}

/** Overwrites the first page of a table. */
function damagePageOf(file: string, table: string): void {
  const db = new Database(file);
  const rootPage = Number(db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(table));
  const pageSize = Number(db.pragma('page_size', { simple: true }));
  db.close();
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0xa5, (rootPage - 1) * pageSize, rootPage * pageSize));
}

const backupsBeside = (file: string) => readdirSync(join(file, '..')).filter((name) => name.endsWith('.bak'));

function pragmaOf(file: string, name: string): unknown {
  const db = new Database(file);
  const value = db.pragma(name, { simple: true });
  db.close();
  return value;
}

describe('opening a database', () => {
  test('creates the newest schema with a write-ahead log and foreign keys in force', () => {
    using opened = new TestStore(tempFolder());
    expect(opened.db.pragma('user_version', { simple: true })).toBe(newest);
    expect(opened.db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(opened.db.pragma('integrity_check', { simple: true })).toBe('ok');
    const collectionId = opened.collection();
    opened.db.pragma('foreign_keys = OFF');
    opened.db.prepare('DELETE FROM collections').run();
    const orphan = () =>
      opened.store.scans.saveInspected({
        collectionId,
        scanId: JobId.parse(1),
        files: [asInspected({ relPath: 'a', content: 1 })],
      });
    expect(orphan).toThrow('FOREIGN KEY');
  });

  test('numbers its migrations without a gap, beginning with 1', () => {
    expect(knownMigrations().map(({ version }) => version)).toEqual(
      Array.from({ length: newest }, (_, index) => index + 1),
    );
  });

  test('keeps what was written, and makes no backup where nothing is to migrate', () => {
    const file = writtenDatabase();
    using store = openStore(file, { nowMs });
    expect(store.collections.list()).toMatchObject([{ name: 'pets' }]);
    expect(backupsBeside(file)).toEqual([]);
  });

  test('is told to work by the probe of doctor', () => {
    expect(probeSqlite()).toEqual({ version: expect.stringMatching(/^3\./) as string, problem: null });
  });
});

describe('migrating a database', () => {
  test('backs it up first, as a database that can be opened in its place', () => {
    const file = writtenDatabase();
    openStore(file, { nowMs, migrations: [...knownMigrations(), later(1)] })[Symbol.dispose]();
    expect(pragmaOf(file, 'user_version')).toBe(newest + 1);
    const backups = backupsBeside(file);
    expect(backups).toEqual([`studio.sqlite.v${newest}.2026-01-01T00-00-00-000Z.bak`]);
    using restored = openStore(join(file, '..', String(backups[0])), { nowMs });
    expect(restored.collections.list()).toMatchObject([{ name: 'pets' }]);
  });

  test('names the phases of jobs, which were phrases before version 6', () => {
    const { old, all } = migrationsAround(5);
    using before = new TestStore(tempFolder(), { migrations: old });
    const job = before.db.prepare(`
      INSERT INTO jobs (kind, title, spec, state, created_at_ms, progress)
      VALUES ('scan', '', '{"kind":"scan","collectionId":1}', 'done', 0, ?)`);
    const phrases = [
      'listing files',
      'preparing the network',
      'learning what there is',
      'writing',
      'pretraining',
    ];
    for (const phase of phrases) {
      job.run(JSON.stringify({ phase, done: 3, total: 4, unit: 'images', ratePerS: null, etaMs: null }));
    }
    job.run(null);
    before[Symbol.dispose]();
    using migrated = openStore(before.file, { nowMs, migrations: all });
    const { items } = migrated.jobs.page({ cursor: null, limit: 9 });
    expect(items.map(({ progress }) => progress?.phase).reverse()).toEqual([
      'listing-files',
      'preparing-network',
      'learning-concepts',
      'writing-files',
      'pretraining',
      undefined,
    ]);
    expect(items.at(-1)?.progress).toMatchObject({ done: 3, total: 4 });
  });

  test('counts concepts from 1, those of segmentations before version 4 too', () => {
    const { old, all } = migrationsAround(3);
    using before = new TestStore(tempFolder(), { migrations: old });
    const collectionId = before.collection();
    const segmentation = before.db.prepare(`
      INSERT INTO segmentations (collection_id, name, settings, device, created_at_ms) VALUES (?, ?, '{}', 'cpu', 0)`);
    const concept = before.db.prepare(
      "INSERT INTO concepts (segmentation_id, number, name, colour) VALUES (?, ?, ?, '#00ff00')",
    );
    for (const [name, first] of Object.entries({ old: 0, new: 1 })) {
      const id = segmentation.run(collectionId, name).lastInsertRowid;
      for (const number of [first, first + 1, first + 2]) concept.run(id, number, `${name}-${number}`);
    }
    before[Symbol.dispose]();
    using migrated = openStore(before.file, { nowMs, migrations: all });
    const numbersOf = (name: string) => {
      const segmentation = migrated.segmentations.list().find((one) => one.name === name);
      const concepts = segmentation ? migrated.concepts.of(segmentation.id) : [];
      return concepts.map((concept) => `${concept.number} ${concept.name}`);
    };
    expect(numbersOf('old')).toEqual(['1 old-0', '2 old-1', '3 old-2']);
    expect(numbersOf('new')).toEqual(['1 new-1', '2 new-2', '3 new-3']);
  });

  test.each([
    ['as time goes on', 1],
    ['also while the clock is set back', -1],
  ])('keeps the three newest backups %s', (_, direction) => {
    const file = writtenDatabase();
    for (let by = 1; by <= 5; by++) {
      const migrations = [
        ...knownMigrations(),
        ...[1, 2, 3, 4, 5].slice(0, by).map((number) => later(number)),
      ];
      openStore(file, { nowMs: () => nowMs() + direction * by, migrations })[Symbol.dispose]();
    }
    const versions = backupsBeside(file).map((name) => Number(name.split('.')[2]?.slice(1)));
    expect(versions.toSorted((a, b) => a - b)).toEqual([newest + 2, newest + 3, newest + 4]);
  });

  test('clears away a backup that was cut short, and never counts it as one', () => {
    const file = writtenDatabase();
    writeFileSync(`${file}.v${newest}.partial`, 'cut short');
    openStore(file, { nowMs, migrations: [...knownMigrations(), later(1)] })[Symbol.dispose]();
    expect(backupsBeside(file)).toHaveLength(1);
    expect(existsSync(`${file}.v${newest}.partial`)).toBe(false);
  });

  test('that fails rolls back whole and leaves the version before it usable', () => {
    const file = writtenDatabase();
    const broken = later(
      2,
      'CREATE TABLE half (id INTEGER) STRICT; DELETE FROM collections; SELECT nonsense;',
    );
    const migrations = [...knownMigrations(), later(1), broken, later(3)];
    expect(() => openStore(file, { nowMs, migrations })).toThrow('nonsense');
    expect(pragmaOf(file, 'user_version')).toBe(newest + 1);
    using store = openStore(file, { nowMs, migrations: [...knownMigrations(), later(1)] });
    expect(store.collections.list()).toMatchObject([{ name: 'pets' }]);
    const db = new Database(file);
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'half'").all()).toEqual([]);
    db.close();
  });

  test('that fails on a new database leaves a file that opens as a new one', () => {
    const file = join(tempFolder(), 'studio.sqlite');
    expect(() => openStore(file, { nowMs, migrations: [{ version: 1, sql: 'nonsense' }] })).toThrow(
      'nonsense',
    );
    using store = openStore(file, { nowMs });
    expect(store.collections.list()).toEqual([]);
  });
});

describe('a file that must not be touched', () => {
  const refuse = (file: string, code: string) => {
    const before = readFileSync(file);
    expect(() => openStore(file, { nowMs })).toThrow(expect.objectContaining({ code }) as Error);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(join(file, '..'))).toEqual(['studio.sqlite']);
  };

  test('is a database of a newer version', () => {
    const file = writtenDatabase();
    const migrations = [...knownMigrations(), later(1)];
    openStore(file, { nowMs, migrations })[Symbol.dispose]();
    const folder = tempFolder();
    writeFileSync(join(folder, 'studio.sqlite'), readFileSync(file));
    refuse(join(folder, 'studio.sqlite'), 'DATABASE_TOO_NEW');
  });

  test.each([
    ['of a few words', 'my notes'],
    ['of many words', 'my notes '.repeat(2_000)],
  ])('is a text %s', (_, text) => {
    const file = join(tempFolder(), 'studio.sqlite');
    writeFileSync(file, text);
    refuse(file, 'DATABASE_DAMAGED');
  });

  test('is a database of another program', () => {
    const file = join(tempFolder(), 'studio.sqlite');
    const db = new Database(file);
    db.exec('CREATE TABLE bookmarks (url TEXT); PRAGMA user_version = 1');
    db.close();
    refuse(file, 'DATABASE_DAMAGED');
  });

  test('is a database of which the end is lost', () => {
    const file = writtenDatabase();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    refuse(file, 'DATABASE_DAMAGED');
  });

  test('is a database whose schema was overwritten', () => {
    const file = writtenDatabase();
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 0xa5)]));
    refuse(file, 'DATABASE_DAMAGED');
  });
});

describe('a place where nothing can be written', () => {
  const unusable = expect.objectContaining({ code: 'DATA_FOLDER_UNUSABLE' }) as Error;

  test('is a folder with the name of the database', () => {
    const file = join(tempFolder(), 'studio.sqlite');
    mkdirSync(file);
    expect(() => openStore(file, { nowMs })).toThrow(unusable);
  });

  test.skipIf(process.platform === 'win32')('is a folder that may only be read', () => {
    const folder = join(tempFolder(), 'data');
    mkdirSync(folder);
    withoutRights(folder, () => {
      expect(() => openStore(join(folder, 'studio.sqlite'), { nowMs })).toThrow(unusable);
      expect(() => acquireDataFolderLock(folder, { pid: 1, role: 'test' })).toThrow(unusable);
    });
  });

  test.skipIf(process.platform === 'win32')('is a database that may only be read', () => {
    const file = writtenDatabase();
    chmodSync(file, 0o444);
    withoutRights(join(file, '..'), () => {
      expect(() => openStore(file, { nowMs })).toThrow(unusable);
    });
  });
});

describe('a disk that fails while the app runs', () => {
  test('is told as a full disk, loses nothing that was saved, and lets work go on with space again', () => {
    const file = writtenDatabase();
    const db = new Database(file);
    using store = new Store(db);
    const [collection] = store.collections.list();
    const files = Array.from({ length: 500 }, (_, index) => ({ relPath: `${index}.jpg`, content: index }));
    if (!collection) throw new Error('the collection is gone');
    const scan = { collectionId: collection.id, files };
    scanFolder(store, { ...scan, files: files.slice(0, 3), scanId: 1 });
    db.pragma(`max_page_count = ${String(db.pragma('page_count', { simple: true }))}`);
    expect(() => scanFolder(store, { ...scan, scanId: 2 })).toThrow(
      expect.objectContaining({
        code: 'DISK_FULL',
        hint: expect.stringContaining('resume') as string,
      }) as Error,
    );
    expect(store.collections.get(collection.id)?.counts.total).toBe(3);
    db.pragma('max_page_count = 1000000');
    scanFolder(store, { ...scan, scanId: 2 });
    expect(store.collections.get(collection.id)?.counts.total).toBe(500);
  });

  test('is told as a damaged database where a page cannot be read', () => {
    const file = writtenDatabase();
    damagePageOf(file, 'collections');
    // Looked at just before.
    using store = openStore(file, { nowMs: () => 0 });
    expect(() => store.collections.list()).toThrow(
      expect.objectContaining({ code: 'DATABASE_DAMAGED' }) as Error,
    );
  });

  test('is not blamed for a bug', () => {
    using opened = new TestStore(tempFolder());
    opened.collection('pets');
    expect(() => opened.collection('pets')).toThrow('UNIQUE constraint failed');
  });
});

describe('a damaged page', () => {
  const damagedError = expect.objectContaining({ code: 'DATABASE_DAMAGED' }) as Error;
  const WEEK_MS = 7 * 24 * 60 * 60 * 1_000;

  test('is found when the database is opened that nobody has looked at for a week', () => {
    const file = writtenDatabase();
    damagePageOf(file, 'collections');
    openStore(file, { nowMs: () => WEEK_MS - 1 })[Symbol.dispose]();
    expect(() => openStore(file, { nowMs: () => WEEK_MS })).toThrow(damagedError);
  });

  test('is found when the process before did not close the database', () => {
    const file = writtenDatabase();
    damagePageOf(file, 'collections');
    writeFileSync(`${file}-wal`, 'what a killed process leaves');
    expect(() => openStore(file, { nowMs: () => 1 })).toThrow(damagedError);
  });

  test('is found by doctor at once, as are rows that refer to nothing', async () => {
    const file = writtenDatabase();
    expect(await findDamage(file)).toEqual([]);
    const db = new Database(file);
    db.pragma('foreign_keys = OFF');
    db.exec(`INSERT INTO images (collection_id, rel_path, status, size_bytes, mtime_ms, seen_by_scan, problem_code,
      problem_detail) VALUES (99, 'a.jpg', 'problem', 0, 0, 1, 'corrupt', 'damaged')`);
    db.close();
    expect(await findDamage(file)).toEqual(['a row of images refers to a missing row of collections']);
    damagePageOf(file, 'collections');
    expect((await findDamage(file)).join()).toContain('the table collections cannot be read');
    writeFileSync(file, 'no database at all, but long enough to be looked at'.repeat(100));
    await expect(findDamage(file)).rejects.toThrow(damagedError);
  });
});

describe.skipIf(process.platform === 'win32')('other people', () => {
  const modeOf = (path: string) => statSync(path).mode & 0o777;

  test('cannot read a database, its log or its backups, even of a folder that they could read', () => {
    const folder = tempFolder();
    chmodSync(folder, 0o755);
    const file = writtenDatabase(folder);
    chmodSync(file, 0o644);
    using _ = openStore(file, { nowMs, migrations: [...knownMigrations(), later(1)] });
    const names = readdirSync(folder);
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => (modeOf(join(folder, name)) & 0o077) !== 0)).toEqual([]);
  });

  test('cannot list a folder with nothing else in it; a person’s own folder stays as it was', () => {
    const [own, shared] = [tempFolder(), tempFolder()];
    for (const folder of [own, shared]) {
      writeFileSync(join(folder, 'studio.sqlite'), '');
      chmodSync(folder, 0o755);
    }
    writeFileSync(join(shared, 'letter.txt'), '');
    const isOwn = (name: string) => name.startsWith('studio');
    closeToOthers(own, isOwn);
    closeToOthers(shared, isOwn);
    expect([modeOf(own), modeOf(shared)]).toEqual([0o700, 0o755]);
  });

  test('are kept out of new folders', () => {
    const folder = tempFolder();
    makePrivateFolder(join(folder, 'a/b'));
    makePrivateFolder(join(folder, 'a/b'));
    expect([modeOf(join(folder, 'a')), modeOf(join(folder, 'a/b'))]).toEqual([0o700, 0o700]);
  });

  test.skipIf(process.platform !== 'linux')('are no matter where no folder can be made', () => {
    expect(() => acquireDataFolderLock('/proc/x/y', { pid: 1, role: 'test' })).toThrow(
      expect.objectContaining({ code: 'DATA_FOLDER_UNUSABLE' }) as Error,
    );
  });
});

describe('the lock of a data folder', () => {
  /** The same lock as lock.ts takes, in a process that must not be bundled to run. */
  const holder = `
    import Database from 'better-sqlite3';
    import { writeFileSync } from 'node:fs';
    const folder = process.argv[2];
    const db = new Database(folder + '/lock.sqlite', { timeout: 0 });
    db.pragma('journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
    writeFileSync(folder + '/lock.json', JSON.stringify({ pid: process.pid, role: 'r2o serve' }));
    console.log('held');
    setInterval(() => db.inTransaction, 1_000);`;

  async function holdElsewhere(folder: string) {
    const child = spawn(process.execPath, ['--input-type=module', '-', folder], {
      // Bare imports of a script from standard input are resolved from here.
      cwd: join(import.meta.dirname, '../../..'),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    child.stdin.end(holder);
    await once(child.stdout, 'data');
    return child;
  }

  test('is taken once, names its holder, and is free again when it is let go', () => {
    const folder = join(tempFolder(), 'new', 'data');
    const lock = acquireDataFolderLock(folder, { pid: 7, role: 'R2O Studio' });
    expect(lock).toBeDefined();
    expect(readLockHolder(folder)).toEqual({ pid: 7, role: 'R2O Studio' });
    expect(acquireDataFolderLock(folder, { pid: 8, role: 'r2o' })).toBeUndefined();
    expect(readLockHolder(folder)).toEqual({ pid: 7, role: 'R2O Studio' });
    lock?.[Symbol.dispose]();
    using again = acquireDataFolderLock(folder, { pid: 8, role: 'r2o' });
    expect(again).toBeDefined();
    expect(readLockHolder(folder)).toEqual({ pid: 8, role: 'r2o' });
  });

  test('keeps a second process out, and is freed by the death of the first', async () => {
    const folder = tempFolder();
    const child = await holdElsewhere(folder);
    expect(acquireDataFolderLock(folder, { pid: process.pid, role: 'r2o' })).toBeUndefined();
    expect(readLockHolder(folder)).toEqual({ pid: child.pid, role: 'r2o serve' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    using lock = acquireDataFolderLock(folder, { pid: process.pid, role: 'r2o' });
    expect(lock).toBeDefined();
  });

  test.each([
    ['is missing', undefined],
    ['is half written', '{"pid": 7'],
    ['says something else', '{"name": "r2o"}'],
  ])('has no holder to name where the note %s', (_, note) => {
    const folder = tempFolder();
    if (note !== undefined) writeFileSync(join(folder, 'lock.json'), note);
    expect(readLockHolder(folder)).toBeUndefined();
  });
});

/** Runs `work` while this user may only read the folder; root gives up its rights meanwhile. */
function withoutRights(folder: string, work: () => void): void {
  const nobody = 65_534;
  const isRoot = process.geteuid?.() === 0;
  chmodSync(join(folder, '..'), 0o755);
  chmodSync(folder, 0o555);
  try {
    if (isRoot) process.seteuid?.(nobody);
    work();
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o755);
  }
}
