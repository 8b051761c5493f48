import pLimit from 'p-limit';
import { InspectedFile, type FoundFile, type Inspection } from '../../domain/scan.ts';
import { inspectFile } from '../../core/image/inspect.ts';
import { ImageProblemError } from '../../core/image/image-problem.ts';
import { NotedReader } from '../../core/image/noted-reader.ts';
import { BrightnessMeasuring } from './brightness-measuring.ts';
import { ThumbnailCache } from '../../core/image/thumbnail-cache.ts';
import { realRoot, refuseGoneFolder, resolveFile, walkFolder } from '../../core/image/walk.ts';
import type { JobContext } from './job-context.ts';
import type { WorkerJobOf } from '../protocol/job.ts';

/** Rows a save: large enough for one transaction to be cheap, small enough to lose little to a kill. */
const SAVE_BATCH = 32;
/** Decoding is bound by the CPU and reading by the disk: a few more files in flight than cores. */
const FILES_IN_FLIGHT_A_CORE = 2;

/**
 * Brings the rows of a collection up to date with its folder.
 *
 * Lists first and opens afterwards, so that the time left is known. Everything saved stays saved: a scan
 * that is stopped or killed is taken up by running it again, which opens only what is still unknown.
 */
export async function runScan(job: WorkerJobOf<'scan'>, context: JobContext): Promise<void> {
  const toInspect = await listChanged(job, context);
  await inspectAll(job, toInspect, context);
  context.signal.throwIfAborted();
  // Of a folder that went away while it was listed, files are not missing: they were not seen.
  await realRoot(job.rootPath);
  await context.link.ask({ kind: 'scan/finish' });
}

async function listChanged(job: WorkerJobOf<'scan'>, { link, signal }: JobContext): Promise<FoundFile[]> {
  const changed: FoundFile[] = [];
  let found = 0;
  for await (const files of walkFolder(job.rootPath, { signal })) {
    const { inspect } = await link.ask({ kind: 'scan/diff', files });
    changed.push(...inspect.flatMap((index) => files[index] ?? []));
    found += files.length;
    link.report({ phase: 'listing-files', done: found, total: null, unit: 'files' });
  }
  return changed;
}

async function inspectAll(job: WorkerJobOf<'scan'>, files: FoundFile[], context: JobContext): Promise<void> {
  const inspector = new Inspector(job, files.length, context);
  try {
    await inspector.inspect(files);
  } finally {
    await inspector.flush();
  }
}

/**
 * Opens files and saves what was found. Those of a kind without a brightness range come last: their ranges are measured
 * on the way, and kept before anything is made of them. See [Note: Brightness].
 */
class Inspector {
  readonly #job: WorkerJobOf<'scan'>;
  readonly #context: JobContext;
  readonly #reader: NotedReader;
  readonly #thumbnails: ThumbnailCache;
  readonly #saver: BatchSaver;
  readonly #measuring = new BrightnessMeasuring();
  readonly #total: number;
  #limits: WorkerJobOf<'scan'>['limits'];
  #isMeasuring: boolean;
  #done = 0;

  constructor(job: WorkerJobOf<'scan'>, total: number, context: JobContext) {
    const { folder, thumbnailBytes: maxBytes } = job.cache;
    this.#job = job;
    this.#context = context;
    this.#total = total;
    this.#reader = NotedReader.takeUp(job.readingFolder);
    this.#thumbnails = new ThumbnailCache({ folder, maxBytes });
    this.#limits = job.limits;
    this.#isMeasuring = job.limits.brightness !== undefined;
    this.#saver = new BatchSaver(async (batch) => {
      await context.link.ask({ kind: 'scan/save', files: batch });
    });
  }

  async inspect(files: readonly FoundFile[]): Promise<void> {
    this.#report();
    const isSuspect = (file: FoundFile) => this.#reader.isSuspect(resolveFile(this.#job.rootPath, file));
    // Both lists first: a suspect that has been read is no longer one.
    const [suspects, others] = [files.filter(isSuspect), files.filter((file) => !isSuspect(file))];
    for (const file of suspects) await this.#inspectOne(file);
    await this.#inspectEach(others);
    if (this.#measuring.files.length === 0 || this.#context.signal.aborted) return;
    await this.#keepRanges();
    await this.#inspectEach(this.#measuring.files);
  }

  flush(): Promise<void> {
    return this.#saver.flush();
  }

  async #keepRanges(): Promise<void> {
    const { brightness } = this.#limits;
    const ranges = this.#measuring.ranges();
    await this.#context.link.ask({ kind: 'scan/brightness', ranges });
    const measured = { ...ranges, ...brightness?.measured };
    this.#limits = {
      ...this.#limits,
      brightness: { setting: { kind: 'automatic' }, ...brightness, measured },
    };
    this.#isMeasuring = false;
  }

  async #inspectEach(files: readonly FoundFile[]): Promise<void> {
    const { cores, signal } = this.#context;
    const limit = pLimit(cores * FILES_IN_FLIGHT_A_CORE);
    // Chunks keep the number of pending promises small in a folder of a million files.
    for (let start = 0; start < files.length && !signal.aborted; start += 1_000) {
      const chunk = files.slice(start, start + 1_000);
      await Promise.all(chunk.map((file) => limit(() => this.#inspectOne(file))));
    }
  }

  async #inspectOne(file: FoundFile): Promise<void> {
    const { signal } = this.#context;
    if (signal.aborted) return;
    const { rootPath } = this.#job;
    const path = resolveFile(rootPath, file);
    const options = {
      limits: this.#limits,
      thumbnails: this.#thumbnails,
      signal,
      isMeasuring: this.#isMeasuring,
    };
    const inspect = () =>
      this.#reader
        .read(path, () => inspectFile(path, options))
        .catch((error: unknown) => (this.#measuring.isNoted(error, file) ? undefined : problemOf(error)));
    let inspection = await inspect();
    if (inspection?.problem?.code === 'vanished') {
      await refuseGoneFolder(rootPath);
      // A drive that is back already has brought the file back with it.
      inspection = await inspect();
    }
    // It waits for the range of its kind.
    if (inspection === undefined) return;
    await this.#saver.add(rowOf(file, inspection));
    this.#done++;
    this.#report();
  }

  #report(): void {
    const { link } = this.#context;
    link.report({ phase: 'reading-images', done: this.#done, total: this.#total, unit: 'images' });
  }
}

/** What keeps a file from being opened. */
function problemOf(error: unknown): Inspection {
  if (!(error instanceof ImageProblemError)) throw error;
  return { facts: null, problem: error.problem, note: null };
}

/** The row of a file. One that does not fit its schema is that file's problem: the others of its batch are saved. */
function rowOf(file: FoundFile, inspection: Inspection): InspectedFile {
  const row = InspectedFile.safeParse({ ...file, ...inspection });
  if (row.success) return row.data;
  const field = row.error.issues[0]?.path.join('.') ?? 'value';
  const detail = `The file has an impossible ${field}: copy or export it again, then rescan.`;
  return { ...file, facts: null, problem: { code: 'corrupt', detail }, note: null };
}

/** Gathers rows into batches; a full batch is saved before `add` returns, which holds its caller back. */
class BatchSaver {
  readonly #save: (batch: InspectedFile[]) => Promise<void>;
  #batch: InspectedFile[] = [];

  constructor(save: (batch: InspectedFile[]) => Promise<void>) {
    this.#save = save;
  }

  async add(file: InspectedFile): Promise<void> {
    this.#batch.push(file);
    if (this.#batch.length >= SAVE_BATCH) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    await this.#save(batch);
  }
}
