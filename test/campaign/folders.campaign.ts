import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Campaign, CaseRunner, Chance } from './campaign.ts';
import { checkSame, checkSound, goOn, Journey, resultOf, RunningCommand, type Work } from './journey.ts';

/** Kinds of work that read a folder of the user's. */
const READING: readonly [Work, ...Work[]] = ['scan', 'verify', 'measure', 'pretrain', 'segment', 'export', 'import', 'describe', 'compare']; // prettier-ignore
/** What a command may say of a folder that is not there, or not for the moment. */
const EXPECTED = ['FOLDER_NOT_FOUND', 'FILE_NOT_FOUND', 'NOT_FOUND', 'NO_USABLE_IMAGES', 'IMAGE_UNAVAILABLE'];

/**
 * Takes the folder that a command reads away at any moment, as a moved folder or as an unmounted drive, whose mount point stays
 * as an empty folder, and brings it back, after the end of the command or before: what was done is kept, what is missing is said, and resumed work leads to the same result.
 */
export const campaign: Campaign = {
  count: 50,
  open: async (): Promise<CaseRunner> => {
    const journey = await Journey.open();
    return {
      run: (chance) => takeAway(journey, chance),
      [Symbol.asyncDispose]: () => {
        journey[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};

async function takeAway(journey: Journey, { draw, pick }: Chance): Promise<string> {
  const work = pick(READING);
  const { before, durationMs, result } = await journey.prepared(work);
  const returnsMeanwhile = draw() < 0.5;
  const leavesMountPoint = draw() < 0.5;
  const [awayMs, backMs] = [draw() * durationMs, draw() * durationMs * 0.5];
  const folder = join(journey.folder, work === 'import' ? 'labels' : 'photos');
  const workplace = mkdtempSync(join(tmpdir(), 'r2o-folders-'));
  try {
    const [data, target] = [join(workplace, 'data'), join(workplace, 'out/export')];
    if (existsSync(before)) cpSync(before, data, { recursive: true });
    const command = journey.command(work, target);
    const running = new RunningCommand(data, [...command, '--json']);
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
    checkSound(data, target);
    if (code !== 0) await goOn(work, data, command);
    checkSound(data, target);
    checkSame(work, resultOf(work, data, target), result);
    const place = leavesMountPoint ? 'an empty folder in its place' : 'nothing in its place';
    return `${work}, ${place}, ${returnsMeanwhile ? 'back meanwhile' : 'back afterwards'}: ${said}`;
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
