import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Job } from '../../src-main/contract/job.ts';
import { resultOf, runCli, spawnCli, waitForOutput } from '../support/cli.ts';
import { isAlive, MIDWAY, photos, scanUnderWay, workersOf } from '../support/scan-under-way.ts';
import { haltingCommand, type HaltAt } from '../support/halting.ts';
import { tempFolder } from '../support/temp-folder.ts';

const WAITING = /Other r2o commands use the data folder/;
/** Makes the launcher believe that it was started by an old Node, so that it starts the one that ships with the app. */
const AS_OLD_NODE =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.0.0'}})";

async function jobsOf(data: string): Promise<Job[]> {
  return z.array(Job).parse(JSON.parse((await runCli(data, 'jobs', '--json')).stdout));
}

/**
 * A scan by the first command, and as many as wanted by others that are its clients.
 * @param next where the others' jobs halt
 */
async function scansUnderWay(others: number, ...next: HaltAt[]) {
  const first = await scanUnderWay({ next });
  const database = new Database(join(first.data, 'studio.sqlite'), { readonly: true });
  const jobs = database.prepare<[], number>('SELECT count(*) FROM jobs').pluck();
  const clients = [];
  for (let count = 1; count <= others; count++) {
    clients.push(resultOf(spawnCli(first.data, ['collections', 'add', await photos(3)])));
    await expect.poll(() => jobs.get(), { interval: 20 }).toBe(count + 1);
  }
  database.close();
  return { ...first, clients };
}

// Several commands, each a process with a worker, one after the other.
describe('r2o commands at the same time', () => {
  test('the first, which runs the jobs, stays until the others are done', async () => {
    const { data, adding, ended, clients } = await scansUnderWay(2);
    adding.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, stderr: expect.stringMatching(WAITING) as string });
    for (const client of clients) expect(await client).toMatchObject({ code: 0 });
    expect((await jobsOf(data)).map(({ state }) => state)).toEqual(['done', 'done', 'cancelled']);
    expect(existsSync(join(data, 'endpoint.json'))).toBe(false);
  });

  test('the others may end before the first', async () => {
    const { data, ended, adding, clients } = await scansUnderWay(1);
    expect((await runCli(data, 'jobs', 'cancel', '2')).code).toBe(0);
    expect((await clients[0])?.code).toBe(130);
    adding.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).not.toMatch(WAITING);
  });

  test('a second Ctrl-C ends the first, and the others say how to continue', async () => {
    const { data, adding, ended, halted, clients } = await scansUnderWay(1, { kind: 'scan/save', after: 0 });
    const waiting = waitForOutput(adding.stderr, WAITING);
    adding.kill('SIGINT');
    await waiting;
    await halted();
    adding.kill('SIGINT');
    expect((await ended).code).toBe(130);
    const { code, stderr } = (await clients[0]) ?? {};
    expect(code).toBe(1);
    expect(stderr).toContain('r2o jobs resume 2');
    expect(stderr).not.toContain('internal error');
    expect((await runCli(data, 'jobs', 'resume', '2')).code).toBe(0);
    expect((await jobsOf(data))[0]?.state).toBe('done');
  });

  test('a kill -9 of the first is explained by three others, and their jobs continue', async () => {
    const { data, adding, ended, clients } = await scansUnderWay(3);
    const workers = workersOf(adding.pid);
    adding.kill('SIGKILL');
    await ended;
    for (const [index, client] of clients.entries()) {
      const { code, stderr } = await client;
      expect(code).toBe(1);
      expect(stderr).toContain(`r2o jobs resume ${index + 2}`);
      expect(stderr).not.toContain('internal error');
    }
    await expect.poll(() => workers.filter(isAlive)).toEqual([]);
    // A command that was not asked to runs none of them, and says so.
    const listed = await runCli(data, 'collections', 'list');
    expect(listed.stderr).toMatch(/Still queued.*: job 2, 3, 4\. Resume one with r2o jobs resume 2/);
    expect((await jobsOf(data)).map(({ state }) => state)).toEqual([
      ...['queued', 'queued', 'queued', 'interrupted'],
    ]);
    for (const id of [2, 3, 4, 1])
      expect(await runCli(data, 'jobs', 'resume', String(id))).toMatchObject({ code: 0 });
    expect((await jobsOf(data)).map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends a command with its worker and its endpoint', async (signal, expected) => {
    const { data, adding, ended } = await scanUnderWay();
    const workers = workersOf(adding.pid);
    adding.kill(signal);
    expect((await ended).code).toBe(expected);
    expect(existsSync(join(data, 'endpoint.json'))).toBe(false);
    await expect.poll(() => workers.filter(isAlive)).toEqual([]);
    expect(await jobsOf(data)).toMatchObject([{ state: 'interrupted', isResumable: true }]);
  });

  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('%s ends r2o serve', async (signal) => {
    const { data } = { data: join(await photos(1), '..', 'data') };
    const serving = spawnCli(data, ['serve']);
    const ended = resultOf(serving);
    await waitForOutput(serving.stdout, /is running at/);
    expect((await runCli(data, 'address')).stdout).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/#ticket=[\w-]{32}\n$/,
    );
    serving.kill(signal);
    expect((await ended).code).toBe(0);
    expect(existsSync(join(data, 'endpoint.json'))).toBe(false);
    const without = await runCli(data, 'address');
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('r2o serve') as string });
  });

  test('SIGTERM ends r2o serve without waiting for the commands that use it', async () => {
    const data = tempFolder();
    const { env, halted } = haltingCommand(MIDWAY);
    const serving = spawnCli(data, ['serve'], env);
    const ended = resultOf(serving);
    await waitForOutput(serving.stdout, /is running at/);
    const adding = spawnCli(data, ['collections', 'add', await photos(80)]);
    const client = resultOf(adding);
    await halted();
    serving.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toContain('Running jobs can be resumed.');
    expect(stderr).not.toMatch(WAITING);
    expect(await client).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('r2o jobs resume 1') as string,
    });
  });

  test('r2o serve keeps its port from one time to the next, as long as nobody else has it', async () => {
    const data = join(await photos(1), '..', 'data');
    const serve = async (...options: string[]) => {
      const serving = spawnCli(data, ['serve', ...options]);
      const ended = resultOf(serving);
      const printed = await waitForOutput(serving.stdout, /is running at/);
      const port = /127\.0\.0\.1:(\d+)/.exec(printed)?.[1];
      const stop = async () => {
        serving.kill('SIGTERM');
        await ended;
      };
      return { port: Number(port), stop };
    };
    const first = await serve();
    await first.stop();
    const second = await serve();
    expect(second.port).toBe(first.port);
    await second.stop();

    const other = createServer().listen(first.port, '127.0.0.1');
    await once(other, 'listening');
    const third = await serve();
    expect(third.port).not.toBe(first.port);
    await third.stop();
    other.close();
    const fourth = await serve('--port', String(first.port));
    expect(fourth.port).toBe(first.port);
    await fourth.stop();
    const fifth = await serve('--port', '0');
    expect(fifth.port).not.toBe(first.port);
    await fifth.stop();
  });

  test('Ctrl-C for the process that was started reaches the one that it started', async () => {
    const { data, adding, ended } = await scanUnderWay({ nodeOptions: ['--import', AS_OLD_NODE] });
    adding.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(await jobsOf(data)).toMatchObject([{ state: 'cancelled' }]);
  });
});
