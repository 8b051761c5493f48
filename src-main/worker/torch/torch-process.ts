import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { TorchError } from './torch-error.ts';
import { torchEnvironment } from './torch-python.ts';

/** Of what it prints, as much as says why it failed. */
const KEPT_CHARACTERS = 2_000;
/** Time for the process to end when it is asked to: it may have to end others, which prepare batches. */
const END_MS = 10_000;

const Problem = z.object({ is: z.literal('error'), what: z.string(), message: z.string() });
const Answer = z.object({ is: z.string() }).loose();
export type TorchAnswer = z.infer<typeof Answer>;

/** A command of `resources/torch/r2o_torch/follow.py`, which documents them. */
type TorchCommand =
  | { do: 'batch' }
  | { do: 'step'; rates: object }
  | { do: 'save'; path: string }
  | { do: 'embed'; path: string; images: number; slots: number };

export type TorchProcessOptions = {
  python: string;
  /** A folder as `r2o pretrain --plan-to` writes it. */
  planFolder: string;
  /** `cpu`, `cuda` or `mps`. */
  device: string;
  /** CPU threads of one operator. */
  threads: number;
  /** Processes that prepare batches. */
  batchWorkers: number;
  /** More options of `python -m r2o_torch`. */
  options: readonly string[];
};

type Child = ChildProcessByStdio<Writable, Readable, Readable>;
type Waiting = { resolve: (answer: TorchAnswer) => void; reject: (error: TorchError) => void };

/**
 * A process of Python that trains a plan by command, one at a time. It ends when this process does, however that ends: the
 * system closes its standard input then.
 */
export class TorchProcess implements AsyncDisposable {
  readonly #child: Child;
  #waiting: Waiting | undefined;
  #output = '';
  /** Why it ended; undefined while it is there. */
  #ended: TorchError | undefined;

  private constructor(child: Child) {
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-KEPT_CHARACTERS);
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.#receive(line));
    child.once('error', (error) => this.#end(error.message));
    child.once('close', (code, signal) => this.#end(`it ended with ${signal ?? String(code)}`));
    // A broken pipe is followed by 'close', which says more.
    child.stdin.on('error', () => undefined);
  }

  /**
   * Starts it, and waits until the weights are in place.
   * @throws TorchError; the signal's reason
   */
  static async start(
    options: TorchProcessOptions,
    signal: AbortSignal,
  ): Promise<{ process: TorchProcess; ready: TorchAnswer }> {
    const { python, planFolder, device, threads, batchWorkers } = options;
    const child = spawn(
      python,
      [
        ...['-m', 'r2o_torch', planFolder, '--follow', '--device', device],
        ...['--workers', String(batchWorkers), ...options.options],
      ],
      { cwd: planFolder, env: torchEnvironment(threads), stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true },
    );
    const process = new TorchProcess(child);
    const stop = () => child.kill();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const ready = await process.#answer();
      signal.throwIfAborted();
      return { process, ready };
    } catch (error) {
      await process[Symbol.asyncDispose]();
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /**
   * Has a command carried out. Only one at a time.
   * @throws TorchError when the process fails, or has ended
   */
  ask(command: TorchCommand): Promise<TorchAnswer> {
    const answer = this.#answer();
    if (!this.#ended) this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    return answer;
  }

  /** Ends it, and waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) {
      return;
    }
    const closed = once(this.#child, 'exit');
    if (this.#child.stdin.writable) this.#child.stdin.end('{"do": "end"}\n');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    await closed;
    clearTimeout(timer);
  }

  #answer(): Promise<TorchAnswer> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#waiting) throw new Error('a command waits for its answer already');
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  #receive(line: string): void {
    const parsed: unknown = JSON.parse(line);
    const problem = Problem.safeParse(parsed);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!problem.success) {
      waiting?.resolve(Answer.parse(parsed));
      return;
    }
    const { what, message } = problem.data;
    this.#ended = new TorchError(what === 'memory' ? 'memory' : 'failed', message);
    waiting?.reject(this.#ended);
  }

  #end(how: string): void {
    this.#ended ??= endedError(how, this.#output);
    this.#waiting?.reject(this.#ended);
    this.#waiting = undefined;
  }
}

/** What a process that ended without saying why has printed. */
function endedError(how: string, output: string): TorchError {
  const missing = /No module named '?([\w.]+)'?/.exec(output)?.[1];
  if (missing !== undefined) return new TorchError('missing', `this Python has no package '${missing}'`);
  const last = output.trim().split('\n').at(-1) ?? '';
  return new TorchError('failed', `PyTorch stopped unexpectedly (${how})${last && `: ${last}`}`);
}
