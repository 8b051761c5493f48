import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { SegmentationId } from '../../src-main/contract/ids.ts';
import { dataLayout, segmentationFiles } from '../../src-main/domain/data-layout.ts';
import { unpackMap } from '../../src-main/domain/laid-map.ts';
import { definitionOf, type Place, type Work } from './works.ts';

export type Prepared = {
  /** The data folder before the work and after it; neither need exist. */
  before: string;
  after: string;
  /** Where its export or file went. */
  target: string;
  durationMs: number;
  /** What is in a file before it is written; nothing where an export goes. */
  old: string | undefined;
  /** See `resultOf`. */
  result: string;
};

type CasePlace = Pick<Place, 'data' | 'target'>;

export function isDone(work: Work, place: CasePlace, { old }: Pick<Prepared, 'old'>): boolean {
  const { job, done, writes } = definitionOf(work);
  if (job) return lastJob(work, place.data)?.state === 'done';
  if (done !== undefined) return rowsOf(place.data, done).length > 0;
  return writes !== undefined && !isOld(place.target, old);
}

const isOld = (path: string, old: string | undefined) =>
  !existsSync(path) || (old !== undefined && readFileSync(path).equals(Buffer.from(old)));

/** The job of a kind of work, without those that came before it. */
export function lastJob(work: Work, dataFolder: string): Row | undefined {
  const { kind = '', before = 0 } = definitionOf(work).job ?? {};
  return rowsOf(dataFolder, `SELECT id, state FROM jobs WHERE kind = '${kind}' ORDER BY id`)
    .slice(before)
    .at(-1);
}

/** What finished work has led to, as text that is the same whenever the work is the same. */
export function resultOf(work: Work, { data, target }: CasePlace): string {
  const { result, writes } = definitionOf(work);
  const database = writes === 'portable file' ? target : join(data, 'studio.sqlite');
  const rows = JSON.stringify(rowsIn(database, result), null, 1);
  if (writes === 'export') return [rows, ...filesOf(target)].join('\n');
  if (writes === 'file') return [rows, hashOf(readFileSync(target))].join('\n');
  const layout = dataLayout(data);
  const { vectors, map } = segmentationFiles(layout, SegmentationId.parse(1));
  if (work === 'describe') return [rows, hashOf(readFileSync(vectors))].join('\n');
  if (work === 'map') return [rows, placesIn(map)].join('\n');
  // Of a collection that is gone, nothing is left.
  if (work === 'remove') return [rows, ...filesOf(layout.segmentations), ...filesOf(layout.runs)].join('\n');
  return rows;
}

/** Where the points of a map are, without the times at which it was made. */
function placesIn(file: string): string {
  const map = unpackMap(readFileSync(file));
  if (!map) throw new Error('the map is damaged');
  return [map.images, map.objects].map(({ places }) => hashOf(bytesOf(places))).join(' ');
}

/** Its own alone: arrays of one file share a buffer. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  Buffer.from(buffer, byteOffset, byteLength);
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Names and contents; without the file that says when they were written. */
function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !['r2o-studio.json', 'README.txt'].includes(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted()
    .map((path) => `${path.slice(folder.length)} ${hashOf(readFileSync(path))}`);
}

/**
 * Whether each image has its masks as they were before the work or as they are after it, and nothing in between.
 * @throws Error for one that has not
 */
export function checkWhole(work: Work, dataFolder: string, { before, after }: Prepared): void {
  const [found, old, made] = [dataFolder, before, after].map((folder) => masksByImage(work, folder));
  for (const [relPath, masks] of found ?? []) {
    if (masks !== old?.get(relPath) && masks !== made?.get(relPath))
      throw new Error(`${work} left half of its changes on ${relPath}`);
  }
}

function masksByImage(work: Work, dataFolder: string): Map<string, string> {
  const byImage = Map.groupBy(
    rowsOf(dataFolder, definitionOf(work).result),
    ({ rel_path }) => rel_path ?? '',
  );
  return new Map([...byImage].map(([relPath, rows]) => [relPath, JSON.stringify(rows)]));
}

type Row = { id?: number; state?: string; rel_path?: string };

export function rowsOf(dataFolder: string, sql: string): Row[] {
  return rowsIn(join(dataFolder, 'studio.sqlite'), sql);
}

/** Rows of a database that has a schema by now. */
function rowsIn(file: string, sql: string): Row[] {
  if (!existsSync(file)) return [];
  const db = new Database(file);
  try {
    const hasSchema = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'images'`).get() !== undefined;
    return hasSchema ? db.prepare<[], Row>(sql).all() : [];
  } finally {
    db.close();
  }
}

/** @throws Error for a database that is not sound, or an export or a file that was left half done */
export function checkSound(work: Work, { data, target }: CasePlace, { old, result }: Prepared): void {
  const file = join(data, 'studio.sqlite');
  if (existsSync(file)) {
    const db = new Database(file);
    try {
      const found = [db.pragma('integrity_check', { simple: true }), db.pragma('foreign_key_check')];
      if (found[0] !== 'ok' || JSON.stringify(found[1]) !== '[]') {
        throw new Error(`the database is damaged: ${JSON.stringify(found)}`);
      }
    } finally {
      db.close();
    }
  }
  const { writes } = definitionOf(work);
  if (writes === 'export' && existsSync(target) && !existsSync(join(target, 'r2o-studio.json')))
    throw new Error('half an export has the name of a whole one');
  if (writes === 'file' || writes === 'portable file') {
    if (!existsSync(target)) throw new Error('the file that was there is gone');
    if (!isOld(target, old)) checkSame(work, resultOf(work, { data, target }), result);
  }
}

/** @throws Error if disturbed work did not lead to what undisturbed work leads to */
export function checkSame(work: Work, found: string, expected: string): void {
  if (found === expected) return;
  const [a, b] = [found.split('\n'), expected.split('\n')];
  const at = a.findIndex((line, index) => line !== b[index]);
  throw new Error(
    `${work} led to another result, line ${at}: ${a[at] ?? 'nothing'} in place of ${b[at] ?? 'nothing'}`,
  );
}
