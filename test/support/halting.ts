import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import type { ForkWorker } from '../../src-main/jobs/worker-channel.ts';
import { FromWorker } from '../../src-main/worker/protocol/messages.ts';
import type { Ask } from '../../src-main/worker/protocol/ask.ts';
import { tempFolder } from './temp-folder.ts';

/** Which ask a job halts at: the one of a kind that follows `after` others. */
export type HaltAt = { kind: Ask['kind']; after: number };

const PATIENCE = { interval: 20 };

/**
 * Halts workers of a command in the middle of their jobs, until they are asked to stop or killed: what comes next in a
 * test does not depend on how fast the machine is.
 * @param places where jobs halt, one after the other: the first that gets to the first, then the next that gets to the
 *   second
 * @returns `env` for the command, and `halted`, which waits until a job has halted at a place that nobody waited for yet
 */
export function haltingCommand(...places: HaltAt[]): { env: NodeJS.ProcessEnv; halted: () => Promise<void> } {
  const folder = tempFolder();
  const preload = pathToFileURL(join(import.meta.dirname, 'workers/halting.mjs'));
  let awaitedCount = 0;
  return {
    env: { NODE_OPTIONS: `--import=${preload.href}`, R2O_HALT_AT: JSON.stringify({ places, folder }) },
    halted: async () => {
      awaitedCount++;
      await expect.poll(() => readdirSync(folder).length, PATIENCE).toBeGreaterThanOrEqual(awaitedCount);
    },
  };
}

/** What a service needs to halt its jobs, and a test to know that one has halted. */
export type HaltingFork = {
  fork: ForkWorker;
  /** Waits until a job has halted at a place that nobody waited for yet. */
  halted: () => Promise<void>;
  /** Lets the job that has halted continue. */
  release: () => void;
};

/** As `haltingCommand`, for a service in the process of the test. */
export function haltingFork(fork: ForkWorker, ...places: HaltAt[]): HaltingFork {
  let haltedCount = 0;
  let awaitedCount = 0;
  let releaseLast: (() => void) | undefined;
  const halting: ForkWorker = (options) => {
    const channel = fork(options);
    const place = places[haltedCount];
    let asked = 0;
    let held: unknown[] | undefined;
    let release: (() => void) | undefined;
    return {
      ...channel,
      onMessage: (listener) => {
        channel.onMessage((raw) => {
          const message = FromWorker.parse(raw);
          if (held) {
            if (message.type !== 'heartbeat') held.push(raw);
            return;
          }
          if (message.type !== 'ask' || message.ask.kind !== place?.kind || asked++ !== place.after) {
            listener(raw);
            return;
          }
          held = [raw];
          haltedCount++;
          release = () => {
            const messages = held ?? [];
            held = undefined;
            for (const one of messages) listener(one);
          };
          releaseLast = release;
        });
      },
      send: (message) => {
        channel.send(message);
        if (message.type === 'pause' || message.type === 'cancel') release?.();
      },
    };
  };
  const halted = async () => {
    awaitedCount++;
    await expect.poll(() => haltedCount, PATIENCE).toBeGreaterThanOrEqual(awaitedCount);
  };
  return { fork: halting, halted, release: () => releaseLast?.() };
}
