import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { resultOf, spawnCli, waitForOutput } from './cli.ts';
import { makePhotos } from './photo-folder.ts';
import { tempFolder } from './temp-folder.ts';

/** A new folder of photos. */
export async function photos(count: number): Promise<string> {
  const folder = join(tempFolder(), 'photos');
  await makePhotos(folder, count);
  return folder;
}

/** `collections add` of 2,000 photos in a process of its own, of which some have been read. */
export async function scanUnderWay() {
  const folder = await photos(2_000);
  const data = tempFolder();
  const adding = spawnCli(data, ['collections', 'add', folder]);
  const ended = resultOf(adding);
  await waitForOutput(adding.stderr, /reading images/);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { data, adding, ended };
}

/** The workers of a command are its children; `ps` finds them as a person would. */
export function workersOf(pid: number | undefined): number[] {
  const table = execFileSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' });
  const workers = table.split('\n').flatMap((line) => {
    const [child, parent, ...args] = line.trim().split(/\s+/);
    return parent === String(pid) && args.join(' ').includes('worker.js') ? [Number(child)] : [];
  });
  if (workers.length === 0) throw new Error(`process ${pid ?? '?'} has no worker`);
  return workers;
}

/** Whether a process still runs; one that has ended and that its parent has not noticed does not. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}
