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

/**
 * Opens files, those of a kind without a brightness range last: their ranges are measured on the first pass, and kept
 * before anything is made of them. See [Note: Brightness].
 */
async function inspectAll(job: WorkerJobOf<'scan'>, files: FoundFile[], context: JobContext): Promise<void> {
  const { link, signal } = context;
  const reader = NotedReader.takeUp(job.readingFolder);
  const isSuspect = (file: FoundFile) => reader.isSuspect(resolveFile(job.rootPath, file));
  const [suspects, others] = [files.filter(isSuspect), files.filter((file) => !isSuspect(file))];
  const thumbnails = new ThumbnailCache({ folder: job.cache.folder, maxBytes: job.cache.thumbnailBytes });
  const limit = pLimit(context.cores * FILES_IN_FLIGHT_A_CORE);
  const saver = new BatchSaver(async (batch) => {
    await link.ask({ kind: 'scan/save', files: batch });
  });
  const measuring = new BrightnessMeasuring();
  let brightness = job.limits.brightness;
  let isMeasuring = brightness !== undefined;
  let done = 0;
  const report = () => link.report({ phase: 'reading-images', done, total: files.length, unit: 'images' });

  const inspectOne = async (file: FoundFile) => {
    if (signal.aborted) return;
    const path = resolveFile(job.rootPath, file);
    const limits = { ...job.limits, brightness };
    const inspection = await reader
      .read(path, () => inspectFile(path, { limits, thumbnails, signal, isMeasuring }))
      .catch((error: unknown) => (measuring.isNoted(error, file) ? undefined : problemOf(error)));
    if (inspection === undefined) return;
    if (inspection.problem?.code === 'vanished') await refuseGoneFolder(job.rootPath);
    await saver.add(rowOf(file, inspection));
    done++;
    report();
  };

  const inspectEach = async (some: readonly FoundFile[]) => {
    // Chunks keep the number of pending promises small in a folder of a million files.
    for (let start = 0; start < some.length && !signal.aborted; start += 1_000) {
      await Promise.all(some.slice(start, start + 1_000).map((file) => limit(() => inspectOne(file))));
    }
  };

  report();
  try {
    for (const file of suspects) await inspectOne(file);
    await inspectEach(others);
    const waiting = measuring.files;
    if (waiting.length > 0 && brightness && !signal.aborted) {
      const ranges = measuring.ranges();
      await link.ask({ kind: 'scan/brightness', ranges });
      brightness = { ...brightness, measured: { ...ranges, ...brightness.measured } };
      isMeasuring = false;
      await inspectEach(waiting);
    }
  } finally {
    await saver.flush();
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
