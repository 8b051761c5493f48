import { constants } from 'node:os';

/** What ends a command: Ctrl-C, a supervisor, and a terminal that is closed. */
export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';
export const END_SIGNALS: readonly EndSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

type Waiter = { signals: readonly EndSignal[]; receive: (signal: EndSignal) => void };

/** Who takes the next signal: the last one that asked for it, once. */
const waiters = new Set<Waiter>();
/** What has to be put in order before the process ends on a signal that nobody takes. */
const closers = new Set<() => Promise<void>>();
let isEnding = false;

/** Takes over from Node, which would end the process at once. Called when the command line starts. */
export function followSignals(): void {
  for (const signal of END_SIGNALS) process.on(signal, () => void receive(signal));
}

/** Takes the next of these signals, unless one that asks later takes it first. @returns how to stop waiting */
export function onNextSignal(signals: readonly EndSignal[], receiver: Waiter['receive']): Disposable {
  const waiter = { signals, receive: receiver };
  waiters.add(waiter);
  return { [Symbol.dispose]: () => void waiters.delete(waiter) };
}

/** Closes something before a signal ends the process. @returns how to undo that, for what was closed otherwise */
export function beforeSignalEnds(close: () => Promise<void>): Disposable {
  closers.add(close);
  return { [Symbol.dispose]: () => void closers.delete(close) };
}

async function receive(signal: EndSignal): Promise<void> {
  const waiter = [...waiters].findLast(({ signals }) => signals.includes(signal));
  if (waiter) {
    waiters.delete(waiter);
    waiter.receive(signal);
    return;
  }
  // Whoever insists does not wait for what is being closed.
  if (!isEnding) {
    isEnding = true;
    await Promise.allSettled(Array.from(closers, (close) => close()));
  }
  process.exit(128 + constants.signals[signal]);
}
