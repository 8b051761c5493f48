/**
 * Loaded before `r2o serve --data FOLDER` and its workers (`node --import`): loses a little of what R2O_TEST_LEAKS names, divided
 * by commas, the server with each request and a worker ten times a second, so that a test shows whether its measures notice.
 */
import { spawn } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';

const KIB = 1024;
const WORKER_INTERVAL_MS = 100;
const SELDOM = 40;
const dataFolder = process.argv[process.argv.indexOf('--data') + 1];
/** What would be garbage otherwise. */
const kept = [];
let count = 0;
let writer;
let reader;

/** By the measure that each of them lets grow. */
const LEAKS = {
  'heap MiB': () => kept.push(Array.from({ length: 8 * KIB }, (_, index) => index + 0.5)),
  'memory MiB': keepMemoryOutsideHeap,
  handles: () => openSync(import.meta.filename),
  threads: seldom(keepThread),
  'child processes': seldom(keepProcess),
  'temporary files': () => writeFileSync(join(mkdtempSync(join(tmpdir(), 'planted-')), 'file'), 'x'),
  'files of the data folder': () => writeFileSync(join(dataFolder, `planted-${count++}`), 'x'),
  'database MiB': () => planted().exec(`INSERT INTO planted VALUES (randomblob(${128 * KIB}))`),
  'write-ahead log MiB': () => {
    reader ??= readWithoutEnd(planted());
    planted().exec(`INSERT INTO planted VALUES (randomblob(${64 * KIB})); DELETE FROM planted`);
  },
  'log KiB': () => appendFileSync(join(dataFolder, 'logs/r2o.log'), '{"msg":"planted"}\n'),
};
/** More at a time: a worker ends when it has nothing to do. */
const WORKER_LEAKS = {
  'worker memory MiB': () => keepMemoryOutsideHeap(KIB),
  'worker handles': LEAKS.handles,
};

const isWorker = process.argv[1]?.endsWith('worker.js');
const names = (process.env.R2O_TEST_LEAKS ?? '').split(',');
const leaks = names.flatMap((name) => (isWorker ? WORKER_LEAKS : LEAKS)[name] ?? []);
const loseAll = () => leaks.forEach((lose) => lose());
if (isWorker && leaks.length > 0) setInterval(loseAll, WORKER_INTERVAL_MS).unref();
else subscribe('http.server.request.start', loseAll);

/** What a system has few of is lost with one of many requests. */
function seldom(lose) {
  let requests = 0;
  return () => void (requests++ % SELDOM === 0 && lose());
}

/** Keeps memory that V8 knows nothing of. */
function keepMemoryOutsideHeap(sizeKib = 64) {
  const db = new Database(':memory:');
  db.exec(`CREATE TABLE planted (bytes); INSERT INTO planted VALUES (randomblob(${sizeKib * KIB}))`);
  kept.push(db);
}

/** Without keeping the program from its end. */
function keepThread() {
  const thread = new Worker('setInterval(() => {}, 1e6)', { eval: true });
  thread.unref();
  kept.push(thread);
}

/** It ends with its input, which is when the program does. */
function keepProcess() {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  child.stdin.unref();
  kept.push(child);
}

/** A connection to the database of the data folder, with a table for what nobody needs. */
function planted() {
  if (!writer) {
    writer = new Database(join(dataFolder, 'studio.sqlite'));
    writer.exec('CREATE TABLE planted (bytes)');
  }
  return writer;
}

/** What a reader may still want to read stays in the write-ahead log. */
function readWithoutEnd({ name }) {
  const reader = new Database(name, { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT * FROM planted').all();
  return reader;
}
