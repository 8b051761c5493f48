import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readEndpoint, type Endpoint } from '../../src-main/host/shared/endpoint.ts';

const collector = resolve(import.meta.dirname, '../support/hold-after-collection.mjs');
const leakPlanter = resolve(import.meta.dirname, '../support/plant-leak.mjs');
const launcher = resolve(import.meta.dirname, '../../resources/bin/r2o.mjs');

/** A running `r2o serve` on a data folder of its own. */
export type Served = {
  /** Contains the data folder and whatever else belongs to this server; removed by `stop`. */
  folder: string;
  data: string;
  /** Where it and its workers put temporary files. */
  temporary: string;
  /** Where it writes what memory it holds when it is asked; see `heldBy`. */
  heldFile: string;
  /** The address that it printed. */
  pageUrl: string;
  endpoint: Endpoint;
  stop: () => Promise<void>;
};

export type ServeOptions = {
  /** What it loses a little of with each request, by the names of measures; see `plant-leak.mjs`. */
  leaks?: readonly string[];
};

export async function serve({ leaks = [] }: ServeOptions = {}): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'r2o-campaign-'));
  const [data, temporary, heldFile] = ['data', 'tmp', 'held.json'].map((name) => join(folder, name)) as [string, string, string]; // prettier-ignore
  mkdirSync(temporary);
  const loaded = leaks.length === 0 ? [collector] : [collector, leakPlanter];
  const child = spawn(process.execPath, [launcher, '--data', data, 'serve', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      TMPDIR: temporary,
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --expose-gc ${loaded.map((path) => `--import ${pathToFileURL(path).href}`).join(' ')}`,
      R2O_TEST_HELD: heldFile,
      R2O_TEST_LEAKS: leaks.join(','),
    },
  });
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  const endpoint = readEndpoint(data);
  if (!endpoint) throw new Error('r2o serve has left no endpoint.');
  return {
    folder,
    data,
    temporary,
    heldFile,
    pageUrl: (JSON.parse(printed.toString()) as { url: string }).url,
    endpoint,
    stop: () => stop(child, folder),
  };
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}
