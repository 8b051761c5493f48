import { Worker } from 'node:worker_threads';
import { userErrorFromInfo, type ErrorInfo } from '../../contract/errors.ts';
import { newSharpTurns } from '../../core/image/sharp-turns.ts';
import type { FirstCut, SampleSpec } from '../../core/segment/collection-sample.ts';
import type { AnsweredImage } from '../../core/segment/head/reliability.ts';
import type { FeatureMap, RemoteEncoder } from '../../core/segment/encoder.ts';
import type { EncoderInput } from '../../core/segment/frozen-encoder.ts';
import type { InputRules } from '../../core/model/backbone.ts';
import type { CollectionModel } from '../../core/segment/segment-image.ts';
import type { CutImage, CutResult, CutSpec, ImageFile, SampledImage } from './image-cutter.ts';
import type { Correction } from '../../core/segment/head/corrected-head.ts';
import type { ReviewedObject } from '../../core/segment/head/correction-of.ts';
import type { ScoredLesson } from '../../core/segment/mask-lesson.ts';

export type SegmentThreadData = {
  spec: CutSpec;
  /** How images enter the encoder; null without one. */
  rules: InputRules | null;
  /** Shared by the threads of a job; see `joinSharpTurns`. */
  turns: SharedArrayBuffer;
};

export type Task =
  | { kind: 'ground'; image: ImageFile }
  | { kind: 'sample'; image: CutImage; sample: SampleSpec }
  | { kind: 'lesson'; image: ImageFile; sidePx: number }
  | { kind: 'correction'; image: ImageFile; objects: readonly ReviewedObject[] }
  | { kind: 'foreground'; image: AnsweredImage }
  | { kind: 'file'; image: CutImage; first: FirstCut }
  | { kind: 'cut'; image: CutImage };

export type ToSegmentThread =
  | { type: 'model'; model: CollectionModel }
  | { type: 'task'; seq: number; task: Task }
  | { type: 'features'; seq: number; features: FeatureMap[] };

export type FromSegmentThread =
  | { type: 'result'; seq: number; result: unknown }
  | { type: 'refusal'; seq: number; error: ErrorInfo }
  | { type: 'encode'; seq: number; input: EncoderInput };

export type SegmentThreadsOptions = {
  spec: CutSpec;
  /** Path of the built segment-thread.ts. */
  entry: URL;
  threads: number;
  /** Run in the thread that owns the pool: an encoder has one memory, whoever asks. Null without an encoder. */
  encoder: RemoteEncoder | null;
};

type Thread = { worker: Worker; waiting: Map<number, PromiseWithResolvers<unknown>> };

/** Images that a thread works on at a time: one computes while another is read or encoded. */
const IMAGES_A_THREAD = 2;
/** With fewer images, a thread saves less time than it takes to start and to compile its code once more. */
const IMAGES_WORTH_A_THREAD = 6;

/** @returns how many threads to share `imageCount` images among: at least one, and no more than there are processor cores */
export function segmentThreadCount(imageCount: number, cores: number): number {
  return Math.max(1, Math.min(cores, Math.ceil(imageCount / IMAGES_WORTH_A_THREAD)));
}

/**
 * Threads that share the images of one job. Which of them does an image changes nothing about its result. Pixels are
 * held by the threads alone, of IMAGES_A_THREAD images each.
 */
export class SegmentThreads {
  /** Threads. */
  readonly count: number;
  /** Images to keep asked for, so that no thread waits. */
  readonly ahead: number;
  readonly #threads: readonly Thread[];
  readonly #encoder: RemoteEncoder | null;
  #nextSeq = 0;
  #failure: Error | undefined;

  constructor({ spec, entry, threads, encoder }: SegmentThreadsOptions) {
    this.#encoder = encoder;
    this.count = threads;
    this.ahead = threads * IMAGES_A_THREAD;
    const workerData: SegmentThreadData = {
      spec,
      rules: encoder?.rules ?? null,
      turns: newSharpTurns(),
    };
    this.#threads = Array.from({ length: threads }, () => {
      const thread: Thread = { worker: new Worker(entry, { workerData }), waiting: new Map() };
      thread.worker.on('message', (message: FromSegmentThread) => this.#receive(thread, message));
      thread.worker.on('error', (error) => this.#fail(error));
      return thread;
    });
  }

  /** What a sample keeps of an image, and its first cut; null for a file that can no longer be used. */
  async sample(image: CutImage, sample: SampleSpec): Promise<SampledImage | null> {
    // segment-thread.ts answers each kind of task with what ImageCutter returns for it.
    return (await this.#ask({ kind: 'sample', image, sample })) as SampledImage | null;
  }

  /** Whether an image shows things on an even ground; null for a file that can no longer be used. */
  async ground(image: ImageFile): Promise<boolean | null> {
    return (await this.#ask({ kind: 'ground', image })) as boolean | null;
  }

  /** What an image can teach a network; null for a file that can no longer be used. */
  async lesson(image: ImageFile, sidePx: number): Promise<ScoredLesson | null> {
    return (await this.#ask({ kind: 'lesson', image, sidePx })) as ScoredLesson | null;
  }

  /** What a person's work on an image teaches; null for a file that can no longer be used. */
  async correction(image: ImageFile, objects: readonly ReviewedObject[]): Promise<Correction | null> {
    return (await this.#ask({ kind: 'correction', image, objects })) as Correction | null;
  }

  /** [count]: the superpixels of an image's foreground, by its own cues and a head's answer. */
  async foreground(image: AnsweredImage): Promise<Uint8Array> {
    return (await this.#ask({ kind: 'foreground', image })) as Uint8Array;
  }

  /** Gives every thread what was learned; needed before `file` and `cut`. */
  setModel(model: CollectionModel): void {
    for (const { worker } of this.#threads) post(worker, { type: 'model', model });
  }

  /** The masks of an image that `sample` has cut already. */
  async file(image: CutImage, first: FirstCut): Promise<CutResult> {
    return (await this.#ask({ kind: 'file', image, first })) as CutResult;
  }

  async cut(image: CutImage): Promise<CutResult> {
    return (await this.#ask({ kind: 'cut', image })) as CutResult;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #ask(task: Task): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    const idlest = this.#threads.reduce((best, thread) =>
      thread.waiting.size < best.waiting.size ? thread : best,
    );
    const seq = this.#nextSeq++;
    const waiting = Promise.withResolvers<unknown>();
    idlest.waiting.set(seq, waiting);
    post(idlest.worker, { type: 'task', seq, task });
    return waiting.promise;
  }

  #receive(thread: Thread, message: FromSegmentThread): void {
    if (message.type === 'encode') {
      this.#answerEncode(thread, message).catch((error: unknown) => this.#fail(error));
      return;
    }
    const waiting = thread.waiting.get(message.seq);
    thread.waiting.delete(message.seq);
    if (message.type === 'result') waiting?.resolve(message.result);
    else waiting?.reject(userErrorFromInfo(message.error));
  }

  async #answerEncode(
    { worker }: Thread,
    { seq, input }: Extract<FromSegmentThread, { type: 'encode' }>,
  ): Promise<void> {
    const features = await this.#encoder?.encode(input);
    if (features) post(worker, { type: 'features', seq, features });
  }

  /** A thread that died, or an encoder that failed, ends the job. */
  #fail(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#failure ??= failure;
    for (const { waiting } of this.#threads) {
      for (const { reject } of waiting.values()) reject(failure);
      waiting.clear();
    }
  }
}

function post(worker: Worker, message: ToSegmentThread): void {
  worker.postMessage(message);
}
