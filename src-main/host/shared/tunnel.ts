import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { phrase, type Phrase } from '../../contract/error-texts/error-text.ts';
import { UserError, userError } from '../../contract/errors.ts';
import type { TunnelState } from '../../contract/remote.ts';

/** How often it is tried whether the tunnel can be used already. */
const PROBE_MS = 100;
/** Signing in can take a while; nobody can be asked for anything. */
const OPEN_MS = 30_000;
/** Pauses between attempts to open a tunnel again that has dropped; the last one repeats. */
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];
/** Of what ssh says, this much is kept: its last words say what went wrong. */
const MAX_WORDS_CHARS = 2_000;

export type TunnelOptions = {
  /** Host, `user@host`, or a name of the user's ssh configuration. */
  ssh: string;
  /** Of the server on the other machine, on its 127.0.0.1. */
  remotePort: number;
  /** Wanted here; null, or a port that is in use, for a free one. */
  localPort: number | null;
  onState?: (state: TunnelState) => void;
  /** The program; more of its arguments are for tests. */
  command?: readonly [string, ...string[]];
};

/**
 * A tunnel to another machine by the system's own `ssh`, with the user's keys, agent and configuration. It never asks for
 * a password: what needs one has to be set up in a terminal first. It opens again whenever it drops, until it is closed.
 */
export class Tunnel {
  readonly localPort: number;
  readonly #options: TunnelOptions;
  readonly #closing = new AbortController();
  #child: ChildProcess | undefined;

  private constructor(options: TunnelOptions, localPort: number) {
    this.#options = options;
    this.localPort = localPort;
  }

  /** @throws UserError SERVER_UNREACHABLE, with what ssh said */
  static async open(options: TunnelOptions): Promise<Tunnel> {
    // A name that starts with a hyphen would be read as an option.
    if (!/^[^-\s][^\s]*$/.test(options.ssh)) throw userError('ssh-target', { ssh: options.ssh });
    const tunnel = new Tunnel(options, await freePort(options.localPort));
    await tunnel.#start();
    void tunnel.#keepOpen();
    return tunnel;
  }

  close(): void {
    this.#closing.abort();
    this.#child?.kill();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #start(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const { ssh, remotePort, command: [program, ...extra] = ['ssh'] } = this.#options;
    const settings = [
      'BatchMode=yes',
      'ExitOnForwardFailure=yes',
      'ServerAliveInterval=5',
      'ServerAliveCountMax=3',
    ];
    const forward = `127.0.0.1:${this.localPort}:127.0.0.1:${remotePort}`;
    const options = ['-N', '-T', ...settings.flatMap((one) => ['-o', one]), '-L', forward];
    const child = spawn(program, [...extra, ...options, '--', ssh], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-MAX_WORDS_CHARS)));
    const ended = new Promise<Phrase | string>((resolve) => {
      child.once('error', ({ message }) => resolve(message));
      child.once('close', () => {
        const lastLine = words.trim().split('\n').at(-1);
        resolve(lastLine === undefined || lastLine === '' ? phrase('ssh-ended') : lastLine);
      });
    });
    const opening = new AbortController();
    const result = await Promise.race([ended, this.#whenUsable(opening.signal)]);
    opening.abort();
    if (result !== undefined) {
      child.kill();
      throw userError('tunnel-failed', { ssh, reason: result });
    }
    this.#report({ isOpen: true });
  }

  /** @returns undefined once a connection is taken, or why it never was */
  async #whenUsable(signal: AbortSignal): Promise<Phrase | undefined> {
    const deadlineMs = performance.now() + OPEN_MS;
    while (!signal.aborted) {
      if (await isTaken(this.localPort)) return undefined;
      if (performance.now() > deadlineMs) return phrase('ssh-silent', { seconds: OPEN_MS / 1_000 });
      await delay(PROBE_MS);
    }
    return undefined;
  }

  async #keepOpen(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; ;) {
      const child = this.#child;
      if (child?.exitCode === null && child.signalCode === null) {
        attempt = 0;
        await once(child, 'exit');
      }
      if (signal.aborted) return;
      this.#report({ isOpen: false, error: null });
      await delay(RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)], undefined, { signal }).catch(
        () => undefined,
      );
      await this.#start().catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        this.#report({ isOpen: false, error: error.toInfo() });
      });
    }
  }

  #report(state: TunnelState): void {
    if (!this.#closing.signal.aborted) this.#options.onState?.(state);
  }
}

/** Whether something listens there. */
async function isTaken(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  socket.destroy();
  return isOpen;
}

/** The wanted port if nobody has it, or one that was free a moment ago: ssh itself says so if it no longer is. */
async function freePort(wanted: number | null): Promise<number> {
  for (const port of [wanted ?? 0, 0]) {
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    // A listening TCP server has an AddressInfo (Node documentation).
    const { port: found } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return found;
  }
  throw new Error('The system has no free port.');
}
