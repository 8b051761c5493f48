import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { Campaign, CaseRunner, Chance } from './campaign.ts';
import { Journey, worksOf } from './journey.ts';
import { checkSame, checkSound, resultOf } from './results.ts';
import { runCommand, RunningCommand } from './running-command.ts';
import type { Work } from './works.ts';

/** Where Debian's package `faketime` puts its library. */
const LIBRARIES = ['x86_64', 'aarch64'].map(
  (processor) => `/usr/lib/${processor}-linux-gnu/faketime/libfaketimeMT.so.1`,
);
/** By how much the clock is set: an hour as summer time ends, to before everything of the data folder, and ahead. */
const SHIFTS = ['-1h', '-1d', '-10y', '+1d'] as const;

/**
 * Sets the clock of a command and its workers back, or ahead, at any moment: it has to end as if nothing had happened, with the
 * result of undisturbed work, and no job may have ended before it started. The clock that measures durations goes on, as it does
 * when a system's time is set.
 */
export const campaign: Campaign = {
  count: 50,
  open: async ({ only }): Promise<CaseRunner> => {
    const works = worksOf(only);
    const library = LIBRARIES.find((path) => existsSync(path));
    const journey = await Journey.open();
    return {
      run: (chance) =>
        library === undefined
          ? Promise.resolve('skipped: libfaketime is not installed')
          : setClock(journey, chance, { library, work: chance.pick(works) }),
      [Symbol.asyncDispose]: () => {
        journey[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};

async function setClock(
  journey: Journey,
  { draw, pick }: Chance,
  { library, work }: { library: string; work: Work },
): Promise<string> {
  const shift = pick(SHIFTS);
  const prepared = await journey.prepared(work);
  const setMs = draw() * prepared.durationMs;
  const workplace = mkdtempSync(join(tmpdir(), 'r2o-clock-'));
  try {
    const place = { data: join(workplace, 'data'), target: join(workplace, 'out/export') };
    const clock = join(workplace, 'clock');
    writeFileSync(clock, '+0\n');
    const prefix = clockPrefix(library, clock);
    const running = new RunningCommand(place.data, await journey.begin(work, place), prefix);
    await Promise.race([running.ended, delay(setMs)]);
    writeFileSync(clock, `${shift}\n`);
    const { code, stderr } = await running.ended;
    if (code !== 0)
      throw new Error(`${work} ended with ${code} when the clock was set by ${shift}: ${stderr}`);
    checkSound(work, place, prepared);
    checkTimes(place.data);
    checkSame(work, resultOf(work, place), prepared.result);
    // With the clock as it is now, the data folder can still be opened and its rows be read.
    const list = await runCommand(place.data, ['jobs', 'list'], prefix);
    if (list.code !== 0) throw new Error(`its jobs cannot be listed: ${list.stderr}`);
    return `${work}, ${shift}`;
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
}

/** Starts a program whose time is what the file `clock` says, read anew each second. */
function clockPrefix(library: string, clock: string): string[] {
  return [
    'env',
    `LD_PRELOAD=${library}`,
    `FAKETIME_TIMESTAMP_FILE=${clock}`,
    'FAKETIME_CACHE_DURATION=1',
    'FAKETIME_DONT_FAKE_MONOTONIC=1',
    'NO_FAKE_STAT=1',
  ];
}

/** @throws Error for a job that has ended before it started */
function checkTimes(dataFolder: string): void {
  const file = join(dataFolder, 'studio.sqlite');
  // Of a shard, the data folder is gone.
  if (!existsSync(file)) return;
  const db = new Database(file, { readonly: true });
  try {
    const rows = db.prepare('SELECT * FROM jobs WHERE finished_at_ms < started_at_ms').all();
    if (rows.length > 0) throw new Error(`jobs have ended before they started: ${JSON.stringify(rows)}`);
  } finally {
    db.close();
  }
}
