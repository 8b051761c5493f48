import { forgetNotes, readNotes } from '../domain/reading-notes.ts';
import type { WorkerJob } from '../worker/protocol/job.ts';
import type { RunEnd } from './job-run.ts';

/** Crashes in a row that may leave open which file is to blame: after these, it is none, or not always the same. */
const MAX_FRUITLESS = 1;

/** Whether a job continues automatically after its worker crashed; see [Note: Files that end their reader]. */
export class CrashRecovery {
  readonly #folder: string | null;
  #fruitless = 0;

  constructor(job: WorkerJob) {
    this.#folder = 'readingFolder' in job ? job.readingFolder : null;
  }

  /** Whether another worker would know more than the one that has ended. */
  continuesAfter(end: RunEnd): boolean {
    if (this.#folder === null || end.state !== 'interrupted' || !end.isCrash) return false;
    const { alone, open } = readNotes(this.#folder);
    if (alone !== null) {
      this.#fruitless = 0;
      return true;
    }
    return open.length > 0 && ++this.#fruitless <= MAX_FRUITLESS;
  }

  /** For a job that was ended in an orderly way: its files are not to blame. */
  forget(): void {
    if (this.#folder !== null) forgetNotes(this.#folder);
  }
}
