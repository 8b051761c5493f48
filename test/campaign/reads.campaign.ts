import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Campaign, CaseRunner, Chance } from './campaign.ts';
import { checkSame, Journey, resultOf, runCommand, type Work } from './journey.ts';
import { callsBelow, STRACE_OPTIONS } from './strace-log.ts';

const hasStrace = spawnSync('strace', ['-V']).status === 0;
const READING: readonly [Work, ...Work[]] = ['scan', 'segment', 'pretrain', 'export', 'import'];

/** Every system call of work on a collection, by `strace`: none changes anything below it, or below mask files. */
export const campaign: Campaign = {
  count: 15,
  open: async (): Promise<CaseRunner> => {
    const journey = await Journey.open();
    return {
      run: (chance) => traceWork(journey, chance),
      [Symbol.asyncDispose]: () => {
        journey[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};

async function traceWork(journey: Journey, { pick }: Chance): Promise<string> {
  if (!hasStrace) return 'skipped: strace is not installed';
  const work = pick(READING);
  const { before, result } = await journey.prepared(work);
  const place = mkdtempSync(join(tmpdir(), 'r2o-reads-'));
  try {
    const [data, target, log] = [join(place, 'data'), join(place, 'out/export'), join(place, 'log')];
    if (existsSync(before)) cpSync(before, data, { recursive: true });
    const originals = [join(journey.folder, 'photos'), join(journey.folder, 'labels')];
    const asBefore = originals.map(stateOf).join('\n');
    const { code, stderr } = await runCommand(data, journey.command(work, target), [
      ...['strace', ...STRACE_OPTIONS, '-o', log],
    ]);
    if (code !== 0) throw new Error(`${work} ended with ${code}: ${stderr}`);
    const { openings, changes } = callsBelow(originals, readFileSync(log, 'utf8'));
    if (changes.length > 0) throw new Error(`${work} changes what it only reads: ${changes[0]}`);
    // A trace that sees nothing would prove nothing.
    if (openings === 0) throw new Error(`${work} opened none of its files: the trace is incomplete`);
    if (originals.map(stateOf).join('\n') !== asBefore) throw new Error(`${work} left its files otherwise`);
    checkSame(work, resultOf(work, data, target), result);
    return work;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** All about the files below a folder that a change would leave behind, but for when they were read. */
function stateOf(folder: string): string {
  if (!existsSync(folder)) return '';
  return ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]
    .toSorted()
    .map((name) => {
      const { mode, uid, gid, size, nlink, ino, mtimeMs, ctimeMs } = lstatSync(join(folder, name));
      return [name, mode, uid, gid, size, nlink, ino, mtimeMs, ctimeMs].join(' ');
    })
    .join('\n');
}
