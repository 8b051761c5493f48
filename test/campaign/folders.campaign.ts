import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Campaign, CaseRunner, Chance } from './campaign.ts';
import { goOn, Journey, worksOf } from './journey.ts';
import { checkSame, checkSound, resultOf } from './results.ts';
import { RunningCommand } from './running-command.ts';
import type { Work } from './works.ts';

/** Kinds of work that read a folder of the user's. */
const READING: readonly [Work, ...Work[]] = ['scan', 'verify', 'measure', 'pretrain', 'pretrain on masks', 'segment', 'export', 'import', 'describe', 'compare', 'recut', 'plan']; // prettier-ignore
/** Which folder that is, where it is not that of the photos. */
const FOLDERS: Partial<Record<Work, string>> = { import: 'labels', recut: 'colours' };
/** What a command may say of a folder that is not there, or not for the moment. */
const EXPECTED = ['FOLDER_NOT_FOUND', 'FILE_NOT_FOUND', 'NOT_FOUND', 'NO_USABLE_IMAGES', 'IMAGE_UNAVAILABLE'];

/**
 * Takes the folder that a command reads away at any moment, as a moved folder or as an unmounted drive, whose mount point stays
 * as an empty folder, and brings it back, after the end of the command or before: what was done is kept, what is missing is said, and resumed work leads to the same result.
 */
export const campaign: Campaign = {
  count: 50,
  open: async ({ only }): Promise<CaseRunner> => {
    const works = worksOf(only, READING);
    const journey = await Journey.open();
    return {
      run: (chance) => takeAway(journey, chance.pick(works), chance),
      [Symbol.asyncDispose]: () => {
        journey[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};

async function takeAway(journey: Journey, work: Work, { draw }: Chance): Promise<string> {
  const prepared = await journey.prepared(work);
  const { durationMs } = prepared;
  const returnsMeanwhile = draw() < 0.5;
  const leavesMountPoint = draw() < 0.5;
  const [awayMs, backMs] = [draw() * durationMs, draw() * durationMs * 0.5];
  const folder = join(journey.folder, FOLDERS[work] ?? 'photos');
  const workplace = mkdtempSync(join(tmpdir(), 'r2o-folders-'));
  try {
    const place = { data: join(workplace, 'data'), target: join(workplace, 'out/export') };
    const command = await journey.begin(work, place);
    const running = new RunningCommand(place.data, [...command, '--json']);
    await Promise.race([running.ended, delay(awayMs)]);
    renameSync(folder, `${folder}-away`);
    if (leavesMountPoint) mkdirSync(folder);
    try {
      await Promise.race([running.ended, ...(returnsMeanwhile ? [delay(backMs)] : [])]);
    } finally {
      if (leavesMountPoint) rmdirSync(folder);
      renameSync(`${folder}-away`, folder);
    }
    const { code, stdout, stderr } = await running.ended;
    const said = code === 0 ? 'done' : errorOf(work, stdout + stderr);
    checkSound(work, place, prepared);
    if (code !== 0) await goOn(work, place, { command, prepared });
    checkSound(work, place, prepared);
    checkSame(work, resultOf(work, place), prepared.result);
    const inItsPlace = leavesMountPoint ? 'an empty folder in its place' : 'nothing in its place';
    return `${work}, ${inItsPlace}, ${returnsMeanwhile ? 'back meanwhile' : 'back afterwards'}: ${said}`;
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
}

/** @throws Error for an end that does not say that something is not there */
function errorOf(work: Work, output: string): string {
  const code = /"code": "([A-Z_]+)"/.exec(output)?.[1] ?? 'no error code';
  if (EXPECTED.includes(code)) return code;
  throw new Error(`${work} without its folder ended with ${code}: ${output}`);
}
