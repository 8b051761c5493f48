import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { resultOf, spawnCli } from './cli.ts';
import { haltingCommand, type HaltAt } from './halting.ts';
import { makePhotos } from './photo-folder.ts';
import { tempFolder } from './temp-folder.ts';

/** A new folder of photos. */
export async function photos(count: number): Promise<string> {
  const folder = join(tempFolder(), 'photos');
  await makePhotos(folder, count);
  return folder;
}

/** More than a scan saves at once. */
const PHOTOS_UNDER_WAY = 80;
/** Some photos have been saved, others have not. */
export const MIDWAY = { kind: 'scan/save', after: 1 } as const;

/**
 * `collections add` in a process of its own that has halted when some photos were saved, until it is stopped.
 * @param next where the jobs after it halt
 */
export async function scanUnderWay({
  nodeOptions = [],
  next = [],
}: { nodeOptions?: readonly string[]; next?: readonly HaltAt[] } = {}) {
  const folder = await photos(PHOTOS_UNDER_WAY);
  const data = tempFolder();
  const { env, halted } = haltingCommand(MIDWAY, ...next);
  const adding = spawnCli(data, ['collections', 'add', folder], env, nodeOptions);
  const ended = resultOf(adding);
  await halted();
  return { data, adding, ended, halted, photoCount: PHOTOS_UNDER_WAY };
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
