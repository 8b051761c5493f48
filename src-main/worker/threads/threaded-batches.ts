import { Worker } from 'node:worker_threads';
import { userErrorFromInfo, type ErrorInfo } from '../../contract/errors.ts';
import { newSharpTurns } from '../../core/image/sharp-turns.ts';
import type { Batch, BatchSource } from '../../core/train/batch.ts';
import type { BatchMakerSpec } from '../../core/train/batch-maker.ts';

export type BatchThreadData = {
  spec: BatchMakerSpec;
  /** Shared by the threads of a run; see `joinSharpTurns`. */
  turns: SharedArrayBuffer;
};

/** What a thread answers to the number of a step. */
export type BatchReply = { step: number; batch: Batch } | { step: number; error: ErrorInfo };

export type ThreadedBatchesOptions = {
  spec: BatchMakerSpec;
  /** Path of the built batch-thread.ts. */
  entry: URL;
  threads: number;
  /** Batches prepared before they are asked for. */
  ahead: number;
  /** No batch is prepared from this step on. */
  endStep: number;
};

/** Batches made by separate threads, in turn, some steps ahead of the engine. */
export class ThreadedBatches implements BatchSource {
  readonly #options: ThreadedBatchesOptions;
  readonly #threads: readonly Worker[];
  readonly #waiting = new Map<number, PromiseWithResolvers<Batch>>();
  #failure: Error | undefined;

  constructor(options: ThreadedBatchesOptions) {
    this.#options = options;
    const workerData: BatchThreadData = { spec: options.spec, turns: newSharpTurns() };
    this.#threads = Array.from({ length: options.threads }, () => {
      const thread = new Worker(options.entry, { workerData });
      thread.on('message', (reply: BatchReply) => this.#settle(reply));
      thread.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
      return thread;
    });
  }

  async at(step: number): Promise<Batch> {
    const last = Math.min(step + this.#options.ahead, this.#options.endStep - 1);
    for (let next = step; next <= last; next++) this.#request(next);
    const batch = await this.#waiting.get(step)?.promise;
    this.#waiting.delete(step);
    if (!batch) throw new Error(`batch ${step} lies beyond the end of the run`);
    return batch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #request(step: number): void {
    if (this.#waiting.has(step)) return;
    const waiting = Promise.withResolvers<Batch>();
    // Whoever asks for the step gets the error; nobody has to.
    waiting.promise.catch(() => undefined);
    this.#waiting.set(step, waiting);
    if (this.#failure) waiting.reject(this.#failure);
    else this.#threads[step % this.#threads.length]?.postMessage(step);
  }

  #settle(reply: BatchReply): void {
    const waiting = this.#waiting.get(reply.step);
    if ('batch' in reply) waiting?.resolve(reply.batch);
    else waiting?.reject(userErrorFromInfo(reply.error));
  }

  /** A thread that died can no longer make batches. */
  #fail(error: Error): void {
    this.#failure = error;
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}
