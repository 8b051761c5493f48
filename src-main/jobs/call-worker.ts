import {
  toErrorInfo,
  type ErrorInfo,
  type UserError,
  userError,
  userErrorFromInfo,
} from '../contract/errors.ts';
import {
  CallResults,
  type Call,
  type CallOf,
  type CallProgress,
  type ResultOf,
} from '../worker/protocol/call.ts';
import type { Outcome } from '../worker/protocol/job.ts';
import { brokenProtocol, FromWorker, parseMessage } from '../worker/protocol/messages.ts';
import { callWorkerStopped, mayLackMemory, type ForkWorker, type WorkerChannel } from './worker-channel.ts';

/** A worker without calls is ended after this long; the next call starts a new one. */
const IDLE_MS = 60_000;
/** No call about one image takes this long; a worker that does is stuck and is replaced. */
const CALL_TIMEOUT_MS = 60_000;
/** A GPU that is imitated on the CPU takes a minute and more for its comparison, once. */
const PROBE_TIMEOUT_MS = 600_000;
/** Files of weights and of ground truth can have gigabytes and be on a slow drive; collections can have a million images. */
const LONG_CALL_TIMEOUT_MS = 900_000;
/**
 * A worker that sends no heartbeat for so long is in native code that does not come back, such as a graph of a user's
 * file with more work in it than any encoder has. Loading the largest encoder blocks for a fraction of this.
 */
const SILENT_MS = 180_000;
const LONG_CALLS: readonly Call['kind'][] = [
  'import-encoder',
  'inspect-encoder',
  'export-encoder',
  'export-head',
  'unpack-truth',
  // These look at everything in a collection: a minute and more for 300,000 objects. Other calls are answered meanwhile.
  'check-health',
  'find-similar',
  'plan-pretraining',
  'plan-review',
  'predict-decisions',
  'write-map',
];

type Pending = {
  channel: WorkerChannel;
  kind: Call['kind'];
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
  onProgress: Waiting['onProgress'];
};

/** Thrown into a call whose caller no longer waits for it. */
export class CallCancelled extends Error {
  constructor() {
    super('call cancelled');
    this.name = 'CallCancelled';
  }
}

type Waiting = {
  /** Ends the call early. */
  signal?: AbortSignal | undefined;
  /** Of the calls that look at a whole collection, some say how far they are. */
  onProgress?: (progress: CallProgress) => void;
};

/**
 * A worker in addition to the jobs, for short requests (render this image, probe the devices), so that the service
 * never decodes an image itself. Started by the first call; a crash fails the calls under way, not the app.
 */
export class CallWorker {
  readonly #fork: ForkWorker;
  readonly #onBug: (error: unknown, where: string) => void;
  readonly #pending = new Map<number, Pending>();
  #channel: WorkerChannel | undefined;
  /** What to report if a worker is ended now; see [Note: Memory of foreign graphs]. */
  readonly #lastWords = new WeakMap<WorkerChannel, ErrorInfo>();
  readonly #silentMs: number;
  readonly #timeoutOf: (call: Call) => number;
  #idleTimer: NodeJS.Timeout | undefined;
  #silenceTimer: NodeJS.Timeout | undefined;
  #nextSeq = 1;

  constructor(options: {
    fork: ForkWorker;
    onBug: (error: unknown, where: string) => void;
    /** How long a worker with calls may send nothing. */
    silentMs?: number;
    /** How long a call may take, in ms. */
    timeoutOf?: (call: Call) => number;
  }) {
    this.#fork = options.fork;
    this.#onBug = options.onBug;
    this.#silentMs = options.silentMs ?? SILENT_MS;
    this.#timeoutOf = options.timeoutOf ?? timeoutOf;
  }

  /** @throws CallCancelled; UserError as the call does, or WORKER_FAILED when the worker died or took too long */
  async call<K extends Call['kind']>(
    call: CallOf<K>,
    { signal, onProgress }: Waiting = {},
  ): Promise<ResultOf<K>> {
    if (signal?.aborted) throw new CallCancelled();
    clearTimeout(this.#idleTimer);
    const channel = (this.#channel ??= this.#start());
    const seq = this.#nextSeq++;
    const result = await new Promise<unknown>((resolve, reject) => {
      const timeoutMs = this.#timeoutOf(call);
      const timer = setTimeout(() => {
        this.#replace(channel, userError('worker-slow', { seconds: Math.ceil(timeoutMs / 1_000) }));
      }, timeoutMs);
      this.#pending.set(seq, { channel, kind: call.kind, resolve, reject, timer, onProgress });
      signal?.addEventListener('abort', () => this.#cancel(seq), { once: true });
      channel.send({ type: 'call', seq, call });
      this.#waitForSign(channel);
    });
    // The schema under `call.kind` is the one that ResultOf<K> is inferred from.
    return parseMessage<unknown>(CallResults[call.kind], result) as ResultOf<K>;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#silenceTimer);
    this.#channel?.kill();
  }

  #cancel(seq: number): void {
    const pending = this.#take(seq);
    pending?.channel.send({ type: 'cancel-call', seq });
    pending?.reject(new CallCancelled());
  }

  #start(): WorkerChannel {
    const channel = this.#fork();
    channel.onMessage((raw) => {
      this.#waitForSign(channel);
      try {
        const message = parseMessage(FromWorker, raw);
        if (message.type === 'last-words') this.#noteLastWords(channel, message.error);
        else this.#receive(message);
      } catch (error) {
        this.#giveUp(channel, error);
      }
    });
    channel.onExit((exit) => {
      if (this.#channel === channel) this.#channel = undefined;
      const words = mayLackMemory(exit) ? this.#lastWords.get(channel) : undefined;
      this.#rejectAll(channel, words ? userErrorFromInfo(words) : callWorkerStopped(exit));
    });
    return channel;
  }

  /** Gives a worker with calls from now on as long as any may take until its next message. */
  #waitForSign(channel: WorkerChannel): void {
    clearTimeout(this.#silenceTimer);
    if (this.#channel !== channel || this.#pending.size === 0) return;
    this.#silenceTimer = setTimeout(() => {
      this.#replace(channel, userError('worker-silent', { seconds: Math.ceil(this.#silentMs / 1_000) }));
    }, this.#silentMs);
  }

  /** Ends a worker that the service does not understand, or that did not understand the service. */
  #giveUp(channel: WorkerChannel, error: unknown): void {
    this.#onBug(error, 'worker call');
    this.#replace(channel, userErrorFromInfo(toErrorInfo(error)));
  }

  /** Ends a worker and its calls with an error; the next call starts another one. */
  #replace(channel: WorkerChannel, error: Error): void {
    if (this.#channel === channel) this.#channel = undefined;
    this.#rejectAll(channel, error);
    channel.kill();
  }

  #rejectAll(channel: WorkerChannel, error: Error): void {
    const seqs = [...this.#pending].filter(([, pending]) => pending.channel === channel).map(([seq]) => seq);
    for (const seq of seqs) this.#take(seq)?.reject(error);
  }

  #noteLastWords(channel: WorkerChannel, error: ErrorInfo | null): void {
    if (error) this.#lastWords.set(channel, error);
    else this.#lastWords.delete(channel);
  }

  #receive(message: FromWorker): void {
    if (message.type === 'ask') throw brokenProtocol('a call, which asks nothing');
    if (message.type === 'outcome') throw errorOf(message.outcome);
    if (message.type === 'call-progress') this.#pending.get(message.seq)?.onProgress?.(message.progress);
    if (message.type === 'result') this.#take(message.seq)?.resolve(message.result);
    if (message.type === 'call-failed') {
      if (message.stack) this.#onBug(message.stack, 'worker call');
      this.#take(message.seq)?.reject(userErrorFromInfo(message.error));
    }
  }

  #take(seq: number): Pending | undefined {
    const pending = this.#pending.get(seq);
    if (!pending) return undefined;
    clearTimeout(pending.timer);
    this.#pending.delete(seq);
    if (this.#pending.size === 0) {
      clearTimeout(this.#silenceTimer);
      this.#idleTimer = setTimeout(() => this.#channel?.kill(), IDLE_MS).unref();
    }
    return pending;
  }
}

/** Without a job, a worker has an outcome to report only where it understood no call. */
function errorOf(outcome: Outcome): UserError {
  if (outcome.state === 'failed') return userErrorFromInfo(outcome.error);
  return brokenProtocol('a call, which has no outcome');
}

function timeoutOf({ kind }: Call): number {
  if (kind === 'probe') return PROBE_TIMEOUT_MS;
  return LONG_CALLS.includes(kind) ? LONG_CALL_TIMEOUT_MS : CALL_TIMEOUT_MS;
}
