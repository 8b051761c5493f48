import { toErrorInfo, UserError, userError, type ErrorInfo } from '../contract/errors.ts';
import type { Ask } from '../worker/protocol/ask.ts';
import type { Outcome, ProgressReport, WorkerJob } from '../worker/protocol/job.ts';
import { brokenProtocol, FromWorker, parseMessage } from '../worker/protocol/messages.ts';
import {
  isCrash,
  jobWorkerStopped,
  mayLackMemory,
  type ForkWorker,
  type WorkerChannel,
  type WorkerExit,
} from './worker-channel.ts';

/** How a run ended: as the worker said, or because the worker died without saying anything. */
export type RunEnd = Outcome | InterruptedRun;

/** `isCrash`: the worker failed; nobody ended its process. */
type InterruptedRun = { state: 'interrupted'; error: ErrorInfo; isCrash: boolean };

export type RunLimits = {
  /** How long a worker that was asked to stop may take before it is killed. */
  graceMs: number;
  /** How long a worker may be silent before it counts as hung. */
  silenceMs: number;
};

export type JobRunOptions = {
  fork: ForkWorker;
  job: WorkerJob;
  limits: RunLimits;
  answer: (ask: Ask) => unknown;
  onProgress: (progress: ProgressReport) => void;
  /** A bug on the service's side of the conversation; the job fails with it. */
  onBug: (error: unknown) => void;
  /** Called once. */
  onEnd: (end: RunEnd) => void;
};

/** One worker process at one job, from fork to exit. */
export class JobRun {
  readonly #options: JobRunOptions;
  readonly #channel: WorkerChannel;
  #end: RunEnd | undefined;
  #stopping: 'pause' | 'cancel' | undefined;
  #silenceTimer: NodeJS.Timeout | undefined;
  #graceTimer: NodeJS.Timeout | undefined;
  #lastWords: ErrorInfo | null = null;
  #isOver = false;

  constructor(options: JobRunOptions) {
    this.#options = options;
    this.#channel = options.fork();
    this.#channel.onMessage((raw) => this.#guard(() => this.#receive(raw)));
    this.#channel.onExit((exit) => this.#finish(this.#endBy(exit)));
    this.#watchSilence();
  }

  get pid(): number | undefined {
    return this.#channel.pid;
  }

  /** Asks the worker to stop, and kills it when it has not done so within the grace period. */
  stop(how: 'pause' | 'cancel'): void {
    this.#stopping = how;
    this.#channel.send({ type: how });
    clearTimeout(this.#graceTimer);
    this.#graceTimer = setTimeout(() => this.#channel.kill(), this.#options.limits.graceMs);
  }

  /** Ends the worker at once, for a service that closes: this run reports nothing further. */
  abandon(): void {
    this.#close();
    this.#channel.kill();
  }

  /** The boundary at which a bug in the conversation ends this job, and nothing else. */
  #guard(receive: () => void): void {
    try {
      receive();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#options.onBug(error);
    this.#end = { state: 'failed', error: toErrorInfo(error), stack: null };
    this.#channel.kill();
  }

  #receive(raw: unknown): void {
    if (this.#isOver) return;
    this.#watchSilence();
    const message = parseMessage(FromWorker, raw);
    switch (message.type) {
      case 'ready':
        this.#channel.send({ type: 'start', job: this.#options.job });
        return;
      case 'heartbeat':
        return;
      case 'last-words':
        this.#lastWords = message.error;
        return;
      case 'progress':
        this.#options.onProgress(message.progress);
        return;
      case 'ask':
        void this.#answer(message.seq, message.ask);
        return;
      case 'outcome':
        // The worker's last word. Its process is of no more use.
        this.#end = this.#endOf(message.outcome);
        this.#channel.kill();
        this.#finish(this.#end);
        return;
      case 'result':
      case 'call-progress':
      case 'call-failed':
        throw brokenProtocol('a job, in which nobody made a call');
      default:
        message satisfies never;
    }
  }

  /**
   * What was asked of the worker last counts: it may have been at a pause already when the job was cancelled.
   * @throws UserError WORKER_FAILED for a worker that stopped without being asked
   */
  #endOf(outcome: Outcome): RunEnd {
    if (outcome.state !== 'paused' && outcome.state !== 'cancelled') return outcome;
    const asked = this.#stopped();
    if (!asked) throw brokenProtocol(`a job that nobody has asked to stop (${outcome.state})`);
    return asked;
  }

  #endBy(exit: WorkerExit): RunEnd {
    if (this.#lastWords && mayLackMemory(exit))
      return { state: 'failed', error: this.#lastWords, stack: null };
    return { state: 'interrupted', isCrash: isCrash(exit), error: jobWorkerStopped(exit).toInfo() };
  }

  async #answer(seq: number, ask: Ask): Promise<void> {
    try {
      this.#channel.send({ type: 'answer', seq, answer: await this.#options.answer(ask) });
    } catch (error) {
      if (error instanceof UserError) this.#channel.send({ type: 'refusal', seq, error: error.toInfo() });
      else this.#fail(error);
    }
  }

  /**
   * In two halves: after the machine has slept, a timer is over before anything that the worker has sent is read. So the
   * worker has the second half to speak.
   */
  #watchSilence(): void {
    const halfMs = this.#options.limits.silenceMs / 2;
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => {
      this.#silenceTimer = setTimeout(() => this.#endSilent(), halfMs);
    }, halfMs);
  }

  #endSilent(): void {
    const seconds = Math.round(this.#options.limits.silenceMs / 1_000);
    const error = userError('job-worker-silent', { seconds }).toInfo();
    this.#end = { state: 'interrupted', isCrash: true, error };
    this.#channel.kill();
  }

  #finish(whenSilent: RunEnd): void {
    if (this.#isOver) return;
    this.#close();
    this.#options.onEnd(this.#end ?? this.#stopped() ?? whenSilent);
  }

  #close(): void {
    this.#isOver = true;
    clearTimeout(this.#silenceTimer);
    clearTimeout(this.#graceTimer);
  }

  /** A worker that was asked to stop has stopped, also where it had to be killed: nothing answered is lost. */
  #stopped(): RunEnd | undefined {
    if (!this.#stopping) return undefined;
    return { state: this.#stopping === 'pause' ? 'paused' : 'cancelled' };
  }
}
