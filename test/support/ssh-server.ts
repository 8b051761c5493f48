import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempFolder } from './temp-folder.ts';

const SERVER = '/usr/sbin/sshd';
/** Debian's `openssh-server`, of which only the program is used. */
export const hasSshServer = existsSync(SERVER);
export const sshReason = hasSshServer ? '' : ` (skipped: ${SERVER} is absent)`;
/** What the machine is called in the configuration of the client. */
export const SSH_TARGET = 'there';

/** OpenSSH's server on a port of its own, with keys that were made for it, and the client's configuration for it. */
export class SshServer {
  /** The client with that configuration. */
  readonly command: readonly [string, ...string[]];
  /** A folder with an `ssh` that reads that configuration, for `PATH`. */
  readonly binFolder: string;
  readonly #config: string;
  readonly #port: number;
  #child: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#port = port;
    this.#config = join(folder, 'sshd_config');
    this.binFolder = join(folder, 'bin');
    this.command = ['ssh', '-F', join(folder, 'config')];
  }

  static async start(): Promise<SshServer> {
    const folder = tempFolder();
    const port = await freePort();
    writeFiles(folder, port);
    const server = new SshServer(folder, port);
    onTestFinished(() => server.stop());
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    // As root, it wants this folder, which Debian makes when the service starts.
    if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
    const child = spawn(SERVER, ['-D', '-e', '-f', this.#config], { stdio: 'ignore' });
    this.#child = child;
    while (!(await answers(this.#port))) {
      if (child.exitCode !== null) throw new Error(`sshd ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends it with all connections, as when a network is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const exit = once(child, 'exit');
    for (const pid of [child.pid, ...descendants(child.pid)]) process.kill(pid, 'SIGKILL');
    await exit;
  }
}

function writeFiles(folder: string, port: number): void {
  const at = (name: string) => join(folder, name);
  for (const name of ['host_key', 'key'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  writeFileSync(at('authorized_keys'), readFileSync(at('key.pub')));
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${readFileSync(at('host_key.pub'), 'utf8')}`);
  const server = {
    Port: port,
    ListenAddress: '127.0.0.1',
    HostKey: at('host_key'),
    PidFile: 'none',
    AuthorizedKeysFile: at('authorized_keys'),
    StrictModes: 'no',
    UsePAM: 'no',
    PasswordAuthentication: 'no',
  };
  const client = {
    Host: SSH_TARGET,
    HostName: '127.0.0.1',
    Port: port,
    User: userInfo().username,
    IdentityFile: at('key'),
    IdentitiesOnly: 'yes',
    UserKnownHostsFile: at('known_hosts'),
  };
  const lines = (values: object) => Object.entries(values).map(([key, value]) => `${key} ${String(value)}\n`);
  writeFileSync(at('sshd_config'), lines(server).join(''));
  writeFileSync(at('config'), lines(client).join(''));
  mkdirSync(at('bin'));
  writeFileSync(at('bin/ssh'), `#!/bin/sh\nPATH=\${PATH#*:} exec ssh -F ${at('config')} "$@"\n`);
  chmodSync(at('bin/ssh'), 0o755);
}

/** The processes of its sessions, which leave its process group. */
function descendants(pid: number): number[] {
  const children = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).stdout.split('\n');
  return children.filter(Boolean).flatMap((child) => [Number(child), ...descendants(Number(child))]);
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
