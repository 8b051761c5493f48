import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Campaign, CaseRunner } from './campaign.ts';
import { Journey, worksOf } from './journey.ts';
import { checkSame, resultOf } from './results.ts';
import { runCommand } from './running-command.ts';
import { callsBelow, STRACE_OPTIONS } from './strace-log.ts';
import type { Work } from './works.ts';

const hasStrace = spawnSync('strace', ['-V']).status === 0;
const READING: readonly [Work, ...Work[]] = [
  'scan',
  'segment',
  'pretrain',
  'pretrain on masks',
  'export',
  'import',
  'describe',
  'compare',
  'recut',
  'plan',
  'shard',
  'sheet',
];

/** Every system call of work on a collection, by `strace`: none changes anything below it, or below mask files. */
export const campaign: Campaign = {
  count: 15,
  open: async ({ only }): Promise<CaseRunner> => {
    const works = worksOf(only, READING);
    const journey = await Journey.open();
    return {
      run: (chance) => traceWork(journey, chance.pick(works)),
      [Symbol.asyncDispose]: () => {
        journey[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};

async function traceWork(journey: Journey, work: Work): Promise<string> {
  if (!hasStrace) return 'skipped: strace is not installed';
  const { result } = await journey.prepared(work);
  const folder = mkdtempSync(join(tmpdir(), 'r2o-reads-'));
  try {
    const place = { data: join(folder, 'data'), target: join(folder, 'out/export') };
    const log = join(folder, 'log');
    const command = await journey.begin(work, place);
    const originals = ['photos', 'labels', 'colours'].map((name) => join(journey.folder, name));
    const asBefore = originals.map(stateOf).join('\n');
    const { code, stderr } = await runCommand(place.data, command, [
      ...['strace', ...STRACE_OPTIONS, '-o', log],
    ]);
    if (code !== 0) throw new Error(`${work} ended with ${code}: ${stderr}`);
    const { openings, changes } = callsBelow(originals, readFileSync(log, 'utf8'));
    if (changes.length > 0) throw new Error(`${work} changes what it only reads: ${changes[0]}`);
    // A trace that sees nothing would prove nothing.
    if (openings === 0) throw new Error(`${work} opened none of its files: the trace is incomplete`);
    if (originals.map(stateOf).join('\n') !== asBefore) throw new Error(`${work} left its files otherwise`);
    checkSame(work, resultOf(work, place), result);
    return work;
  } finally {
    rmSync(folder, { recursive: true, force: true });
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
