import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import sharp from 'sharp';
import { z } from 'zod';
import { SegmentationId } from '../../src-main/contract/ids.ts';
import { writeScenes } from '../../src-main/core/image/scenes.ts';
import { dataLayout, segmentationFiles } from '../../src-main/domain/data-layout.ts';
import { unpackMap } from '../../src-main/domain/laid-map.ts';

/** The kinds of work that campaigns disturb. All but `undo`, `redo` and `model` are jobs, of all kinds that there are. */
export const WORKS = ['scan', 'verify', 'measure', 'pretrain', 'segment', 'export', 'import', 'undo', 'redo', 'model', 'describe', 'map', 'compare'] as const; // prettier-ignore
export type Work = (typeof WORKS)[number];
/** Work on masks, of which each image has all or nothing. */
export const MASK_WORKS: readonly Work[] = ['import', 'undo', 'redo'];
/** The step of an import in a data folder in which nothing was changed before. */
const IMPORT_STEP = '1';

const SCENES = { count: 16, seed: 5 };
/** Images with 16 bits per sample, each brighter than the last, so that a range of some of them is not that of all. */
const DEEP_IMAGES = 12;
const DEEP_SIDE_PX = 64;
/** Nothing here takes this long, on a machine with ten times its load either: what does is stuck. */
const STUCK_MS = 900_000;
const launcher = join(import.meta.dirname, '../../resources/bin/r2o.mjs');

export type CommandEnd = { code: number | null; stdout: string; stderr: string };

/** One command on a data folder, as a group of processes that can be killed as a whole. */
export class RunningCommand {
  readonly ended: Promise<CommandEnd>;
  readonly #kill: () => void;

  /** @param prefix the program that starts it, with its options */
  constructor(dataFolder: string, args: readonly string[], prefix: readonly string[] = []) {
    const [program, ...rest] = [...prefix, process.execPath, launcher];
    const child = spawn(program, [...rest, '--data', dataFolder, ...args], { detached: true });
    const end: CommandEnd = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (end.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (end.stderr += text));
    this.#kill = () => killGroup(child.pid);
    this.ended = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#kill();
        reject(new Error(`stuck: r2o ${args.join(' ')}\n${end.stderr}`));
      }, STUCK_MS);
      child.on('close', (code) => {
        clearTimeout(timer);
        resolve({ ...end, code });
      });
    });
  }

  kill(): void {
    this.#kill();
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

export function runCommand(
  dataFolder: string,
  args: readonly string[],
  prefix: readonly string[] = [],
): Promise<CommandEnd> {
  return new RunningCommand(dataFolder, args, prefix).ended;
}

/** Photos, and for each kind of work a data folder that is ready for it and what it leads to if nothing disturbs it. */
export class Journey implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'r2o-campaign-'));
  readonly #prepared = new Map<Work, Promise<Prepared>>();

  static async open(): Promise<Journey> {
    const journey = new Journey();
    await writeScenes(join(journey.folder, 'photos'), SCENES);
    await writeDeepImages(join(journey.folder, 'photos/deep'));
    return journey;
  }

  /** Made once, when it is first needed. */
  prepared(work: Work): Promise<Prepared> {
    const known = this.#prepared.get(work) ?? this.#prepare(work);
    this.#prepared.set(work, known);
    return known;
  }

  /** The command of a kind of work; `target` is where an export goes. */
  command(work: Work, target: string): string[] {
    const tiny = ['--set', 'encoder=resnet18-half', 'viewPx=64', 'batchSize=4', 'checkpointMinutes=0.001'];
    switch (work) {
      case 'scan':
        return ['collections', 'add', join(this.folder, 'photos/images'), '--name', 'photos'];
      case 'verify':
        return ['collections', 'rescan', 'photos', '--verify'];
      case 'measure':
        return ['collections', 'add', join(this.folder, 'photos/deep'), '--name', 'deep'];
      case 'pretrain':
        return ['pretrain', 'photos', '--device', 'onnx:cpu', '--epochs', '3', ...tiny];
      case 'segment':
        return ['segment', 'photos', '--concepts', '3'];
      case 'export':
        return ['export', 'photos', '--format', 'labelme', '--out', target];
      case 'import':
        return ['import-masks', '1', join(this.folder, 'labels/export'), '--reject-missing'];
      case 'undo':
      case 'redo':
        return ['review', '1', `--${work}`, IMPORT_STEP];
      case 'model':
        return ['models', 'import', join(this.folder, 'weights.safetensors'), '--name', 'imported'];
      case 'describe':
        return ['similar', '1'];
      case 'map':
        return ['map', '1'];
      case 'compare':
        return ['duplicates', 'photos'];
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What has to be there before: the folders of other kinds of work, after them. */
  async #ready(work: Work, dataFolder: string): Promise<void> {
    const after = async (other: Work, ...commands: string[][]) => {
      cpSync((await this.prepared(other)).after, dataFolder, { recursive: true });
      for (const command of commands) await succeed(dataFolder, command);
    };
    switch (work) {
      case 'scan':
      case 'measure':
        return;
      case 'verify':
      case 'pretrain':
      case 'segment':
      case 'compare':
        return after('scan');
      case 'describe':
        return after('segment');
      case 'map':
        return after('describe');
      case 'export':
        return after('segment', ['dataset', 'create', 'photos', '--segmentation', '1']);
      case 'import': {
        const { target } = await this.prepared('export');
        const labels = join(this.folder, 'labels/export');
        cpSync(target, labels, { recursive: true });
        correctLabels(labels);
        // Not of the dataset: masks that are missing are rejected only where an export had them.
        return after('export');
      }
      case 'undo':
        return after('import');
      case 'redo':
        return after('undo');
      case 'model':
        return after('pretrain', [
          ...['models', 'export', '1', '--format', 'safetensors'],
          ...['--out', join(this.folder, 'weights.safetensors')],
        ]);
    }
  }

  async #prepare(work: Work): Promise<Prepared> {
    const folder = join(this.folder, work);
    const [before, after, target] = [
      join(folder, 'before'),
      join(folder, 'after'),
      join(folder, 'target/export'),
    ];
    await this.#ready(work, before);
    if (existsSync(before)) cpSync(before, after, { recursive: true });
    const startedAtMs = performance.now();
    await succeed(after, this.command(work, target));
    return {
      before,
      after,
      target,
      durationMs: performance.now() - startedAtMs,
      result: resultOf(work, after, target),
    };
  }
}

/** Corrects masks as a person would: most are moved, one of each image is deleted, and one is drawn. */
function correctLabels(folder: string): void {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^\w+[/\\].*\.json$/.test(name),
  );
  for (const name of files) {
    const path = join(folder, name);
    const file = LabelMe.parse(JSON.parse(readFileSync(path, 'utf8')));
    const moved = file.shapes
      .slice(1)
      .map((shape) => ({ ...shape, points: shape.points.map(([x, y]) => [x - 1, y - 1]) }));
    const drawn = { label: 'drawn', shape_type: 'polygon', points: [[1, 1], [9, 1], [9, 9]] }; // prettier-ignore
    writeFileSync(path, JSON.stringify({ ...file, shapes: [...moved, drawn] }));
  }
}

const LabelMe = z.looseObject({
  shapes: z.array(z.looseObject({ points: z.array(z.tuple([z.number(), z.number()])) })),
});

export type Prepared = {
  /** The data folder before the work and after it; `before` need not exist. */
  before: string;
  after: string;
  /** Where its export went. */
  target: string;
  durationMs: number;
  /** See `resultOf`. */
  result: string;
};

async function succeed(dataFolder: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(dataFolder, args);
  if (code !== 0) throw new Error(`r2o ${args.join(' ')} ended with ${code}:\n${stderr}`);
}

/** Continues disturbed work as the messages say, until it is done. @throws Error if it does not get there */
export async function goOn(work: Work, dataFolder: string, command: readonly string[]): Promise<void> {
  let last: CommandEnd | undefined;
  for (let attempt = 0; attempt < 3; attempt++) {
    if (isDone(work, dataFolder)) return;
    last = await runCommand(dataFolder, nextCommand(work, dataFolder) ?? command);
  }
  if (isDone(work, dataFolder)) return;
  throw new Error(`cannot be continued: ${last?.stderr ?? ''}`);
}

/** What continues the work; undefined where nothing of it was kept. */
function nextCommand(work: Work, dataFolder: string): string[] | undefined {
  if (work === 'model' || work === 'undo' || work === 'redo') return undefined;
  const job = lastJob(work, dataFolder);
  if (job && job.state !== 'done') return ['jobs', 'resume', String(job.id)];
  // The row of the work was kept, but not that of its job.
  if ((work === 'scan' || work === 'measure') && rowsOf(dataFolder, 'SELECT 1 FROM collections').length > 0)
    return ['collections', 'rescan', '1'];
  if (work === 'segment' && rowsOf(dataFolder, 'SELECT 1 FROM segmentations').length > 0)
    return ['segmentations', 'resume', '1'];
  if (work === 'pretrain' && rowsOf(dataFolder, 'SELECT 1 FROM runs').length > 0)
    return ['runs', 'resume', '1'];
  return undefined;
}

function isDone(work: Work, dataFolder: string): boolean {
  if (work === 'undo' || work === 'redo') {
    const left = work === 'undo' ? 0 : 1;
    return rowsOf(dataFolder, `SELECT 1 FROM mask_edits WHERE is_undone = ${left}`).length === 0;
  }
  if (work === 'model') return rowsOf(dataFolder, `SELECT 1 FROM models WHERE name = 'imported'`).length > 0;
  const job = lastJob(work, dataFolder);
  return job?.state === 'done';
}

/** The job of a kind of work, without those that came before it. */
function lastJob(work: Work, dataFolder: string): Row | undefined {
  const isScan = work === 'verify' || work === 'measure';
  const kind = isScan ? 'scan' : work;
  const jobs = rowsOf(dataFolder, `SELECT id, state FROM jobs WHERE kind = '${kind}' ORDER BY id`);
  return jobs.slice(work === 'verify' ? 1 : 0).at(-1);
}

const IMAGES =
  'SELECT rel_path, status, hex(content_hash) AS hash, width_px, height_px, note FROM images ORDER BY rel_path';
const DESCRIPTIONS =
  'SELECT mask_count, image_count, skipped_count, changed_count, finished_at_ms IS NOT NULL AS isFinished FROM descriptions';
const RESULTS: Record<Work, string> = {
  scan: IMAGES,
  verify: IMAGES,
  measure: `
    SELECT i.rel_path, i.status, hex(i.content_hash) AS hash, i.note, c.brightness, r.kind, r.level_from, r.level_to
    FROM images i JOIN collections c ON c.id = i.collection_id LEFT JOIN brightness_ranges r ON r.collection_id = c.id
    ORDER BY i.rel_path, r.kind`,
  pretrain:
    'SELECT m.name, hex(m.file_sha256) AS hash, r.step FROM models m JOIN runs r ON r.id = m.run_id ORDER BY m.id',
  segment: maskSql(),
  import: maskSql(),
  undo: maskSql(),
  redo: maskSql(),
  export: 'SELECT format, finished_at_ms IS NOT NULL AS isFinished FROM exports',
  model: 'SELECT name, hex(file_sha256) AS hash FROM models ORDER BY id',
  describe: DESCRIPTIONS,
  map: DESCRIPTIONS,
  compare: `
    SELECT c.compared_count, c.skipped_count, c.same_count, c.similar_count, i.rel_path, l.grade, l.group_number, l.place
    FROM comparisons c LEFT JOIN look_alikes l ON l.collection_id = c.collection_id LEFT JOIN images i ON i.id = l.image_id
    ORDER BY l.grade, l.group_number, l.place`,
};

function maskSql(): string {
  return `
    SELECT d.rel_path, d.is_preliminary, m.level, m.review, m.origin, m.score, c.number, hex(s.rle) AS shape
    FROM segmented_images d
      LEFT JOIN masks m ON m.segmentation_id = d.segmentation_id AND m.image_id = d.image_id
      LEFT JOIN mask_shapes s ON s.mask_id = m.id LEFT JOIN concepts c ON c.id = m.concept_id
    ORDER BY d.rel_path, m.level, m.score DESC, shape`;
}

/** What finished work has led to, as text that is the same whenever the work is the same. */
export function resultOf(work: Work, dataFolder: string, target: string): string {
  const rows = JSON.stringify(rowsOf(dataFolder, RESULTS[work]), null, 1);
  if (work === 'export') return [rows, ...filesOf(target)].join('\n');
  const { vectors, map } = segmentationFiles(dataLayout(dataFolder), SegmentationId.parse(1));
  if (work === 'describe') return [rows, hashOf(readFileSync(vectors))].join('\n');
  if (work === 'map') return [rows, placesIn(map)].join('\n');
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
  const byImage = Map.groupBy(rowsOf(dataFolder, RESULTS[work]), ({ rel_path }) => rel_path ?? '');
  return new Map([...byImage].map(([relPath, rows]) => [relPath, JSON.stringify(rows)]));
}

type Row = { id?: number; state?: string; rel_path?: string };

function rowsOf(dataFolder: string, sql: string): Row[] {
  const file = join(dataFolder, 'studio.sqlite');
  if (!existsSync(file)) return [];
  const db = new Database(file);
  try {
    const hasSchema = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'jobs'`).get() !== undefined;
    return hasSchema ? db.prepare<[], Row>(sql).all() : [];
  } finally {
    db.close();
  }
}

/** @throws Error for a database that is not sound, or an export that was left half done */
export function checkSound(dataFolder: string, target: string): void {
  const file = join(dataFolder, 'studio.sqlite');
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
  if (existsSync(target) && !existsSync(join(target, 'r2o-studio.json'))) {
    throw new Error('half an export has the name of a whole one');
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

async function writeDeepImages(folder: string): Promise<void> {
  mkdirSync(folder);
  for (let index = 0; index < DEEP_IMAGES; index++) {
    const samples = Uint16Array.from({ length: DEEP_SIDE_PX ** 2 }, (_, at) => (index + 1) * 100 + (at % 64));
    const raw = { width: DEEP_SIDE_PX, height: DEEP_SIDE_PX, channels: 1 } as const;
    const picture = sharp(samples, { raw }).toColourspace('grey16').png();
    await picture.toFile(join(folder, `deep-${String(index).padStart(2, '0')}.png`));
  }
}
