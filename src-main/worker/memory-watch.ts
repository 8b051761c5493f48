import { totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { userError, type ErrorInfo } from '../contract/errors.ts';
import { statsIfAny } from '../domain/regular-file.ts';

/**
 * [Note: Memory of foreign graphs] How much memory an ONNX file takes, only running it shows: an `Expand` in a file of a
 * kilobyte can ask for any amount. ONNX Runtime has no bound for it, the worker's own code does not run meanwhile, and
 * a machine without memory stops for everyone. So a thread reads the memory of the process while somebody's graph is
 * loaded or run, and ends the process when it has grown beyond what such a graph may take. As nothing can be said then,
 * the worker sends in advance what is to be reported (its last words), and clears it afterwards.
 */
const BASE_BYTES = 4 * 2 ** 30;
/** Weights are in memory several times while ONNX Runtime prepares them. */
const BYTES_PER_FILE_BYTE = 4;
const BYTES_PER_PIXEL = 2 ** 13;
/** Of the machine's memory, whatever the graph. */
const MACHINE_SHARE = 0.75;
/** Between two looks; memory is filled at some gigabytes a second. */
const LOOK_MS = 20;
const MIB = 2 ** 20;

/** A file, and the pixels of the image that it runs on. */
type GraphUse = { path: string; pixels: number };

/** The bound of the process in MiB while something is watched, 0 otherwise: shared with the thread that looks. */
const THREAD = `
  const { workerData: { bound, lookMs } } = require('node:worker_threads');
  for (;;) {
    const mib = Atomics.load(bound, 0);
    if (mib > 0 && process.memoryUsage.rss() > mib * ${MIB}) process.kill(process.pid, 'SIGKILL');
    Atomics.wait(bound, 0, mib, mib > 0 ? lookMs : Infinity);
  }
`;

/** Watches over the memory of this process; see [Note: Memory of foreign graphs]. */
class MemoryWatch {
  readonly #bound = new Int32Array(new SharedArrayBuffer(4));
  /** Bounds in MiB of what runs now: several calls may be under way at once. */
  readonly #running = new Set<{ mib: number; lastWords: ErrorInfo }>();
  #isLooking = false;
  #announce: (lastWords: ErrorInfo | null) => void = () => undefined;

  /** @param announce sends the service what to report if this process is ended now */
  announceBy(announce: (lastWords: ErrorInfo | null) => void): void {
    this.#announce = announce;
  }

  /** Does something with a graph, and ends the process if that takes too much memory. */
  async during<T>({ path, pixels }: GraphUse, work: () => Promise<T>): Promise<T> {
    const growth = allowedBytes(path, pixels);
    const limit = `${(growth / 2 ** 30).toFixed(1)} GiB`;
    const entry = {
      mib: Math.ceil((process.memoryUsage.rss() + growth) / MIB),
      lastWords: userError('graph-memory', { path, limit }).toInfo(),
    };
    this.#running.add(entry);
    this.#update();
    try {
      return await work();
    } finally {
      this.#running.delete(entry);
      this.#update();
    }
  }

  #update(): void {
    const entries = [...this.#running];
    this.#announce(entries.at(-1)?.lastWords ?? null);
    this.#look();
    Atomics.store(this.#bound, 0, Math.max(0, ...entries.map(({ mib }) => mib)));
    Atomics.notify(this.#bound, 0);
  }

  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const thread = new Worker(THREAD, { eval: true, workerData: { bound: this.#bound, lookMs: LOOK_MS } });
    thread.unref();
  }
}

/** By how much the process may grow. */
function allowedBytes(path: string, pixels: number): number {
  const fileBytes = statsIfAny(path)?.size ?? 0;
  const allowed = BASE_BYTES + BYTES_PER_FILE_BYTE * fileBytes + BYTES_PER_PIXEL * pixels;
  return Math.min(allowed, MACHINE_SHARE * totalmem());
}

/** One for the process, as its memory is. */
export const memoryWatch = new MemoryWatch();
