import { phrase, type Phrase } from '../contract/error-texts/error-text.ts';
import { userError, type UserError } from '../contract/errors.ts';
import type { ToWorker } from '../worker/protocol/messages.ts';

export type WorkerExit = { code: number | null; signal: string | null };

/** One forked worker as the service sees it. Whoever forks it decides how (Node, Electron). */
export type WorkerChannel = {
  readonly pid: number | undefined;
  send: (message: ToWorker) => void;
  onMessage: (listener: (message: unknown) => void) => void;
  /** Called once, also when the process could not be started. */
  onExit: (listener: (exit: WorkerExit) => void) => void;
  /** Ends the process at once, without asking it. */
  kill: () => void;
};

type ForkOptions = {
  /** Added to the environment of the process. */
  environment?: Readonly<Record<string, string>>;
  /** Takes what native libraries print on their own, in place of the log. */
  onOutput?: (text: string) => void;
};

/** Starts a worker process; given to the service by its host. */
export type ForkWorker = (options?: ForkOptions) => WorkerChannel;

/** Signals by which somebody ends a process, and what shells and Electron make of them. */
const KILLED: readonly (string | number | null)[] = [
  ...['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'],
  ...[9, 15, 2, 1, 137, 143, 130, 129],
];

/** Whether a worker ended because of its code, a library or what it was reading, and not because somebody ended it. */
export function isCrash({ code, signal }: WorkerExit): boolean {
  if (signal !== null) return signal.startsWith('SIG') && !KILLED.includes(signal);
  return code !== null && code !== 0 && !KILLED.includes(code);
}

/**
 * Signals of a process that found no memory: Linux kills it (SIGKILL), or its libraries give up (the others). They
 * can mean something else too.
 */
const MEMORY_SIGNALS: readonly (string | null)[] = ['SIGKILL', 'SIGABRT', 'SIGTRAP', 'SIGILL'];

/** What Electron and Windows make of SIGKILL. */
const KILLED_CODES: readonly (number | null)[] = [9, 137, ...(process.platform === 'win32' ? [1] : [])];

/** Says that a worker went away in the middle of a call. */
export function callWorkerStopped(exit: WorkerExit): UserError {
  return userError(mayLackMemory(exit) ? 'worker-out-of-memory' : 'worker-stopped', { exit: phraseOf(exit) });
}

/** Says that the worker of a job went away, and what a person can do about it. */
export function jobWorkerStopped(exit: WorkerExit): UserError {
  return userError(mayLackMemory(exit) ? 'job-worker-out-of-memory' : 'job-worker-stopped', {
    exit: phraseOf(exit),
  });
}

/** Whether a worker may have ended because memory ran out, or because it took more than it may. */
export function mayLackMemory({ code, signal }: WorkerExit): boolean {
  return MEMORY_SIGNALS.includes(signal) || (signal === null && KILLED_CODES.includes(code));
}

function phraseOf({ code, signal }: WorkerExit): Phrase {
  return signal ? phrase('ended-by', { signal }) : phrase('exit-code', { code: code ?? '?' });
}
