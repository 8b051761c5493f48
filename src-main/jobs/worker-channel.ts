import type { ToWorker } from '../worker/protocol.ts';

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

/** Starts a worker process; given to the service by its host. */
export type ForkWorker = () => WorkerChannel;

/** How a worker went away, for messages to people. */
export function describeExit({ code, signal }: WorkerExit): string {
  return signal ? `ended by ${signal}` : `exit code ${code ?? 'unknown'}`;
}
