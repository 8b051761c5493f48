import { cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canMakeDisks, SmallDrive } from '../support/small-drive.ts';
import type { Campaign, CaseRunner, Chance } from './campaign.ts';
import { checkSame, checkSound, goOn, Journey, resultOf, runCommand, WORKS, type Work } from './journey.ts';

/** What an empty drive needs before a data folder can be opened at all, in KiB. */
const LEAST_KIB = 64;
/** Enough for everything. */
const ENOUGH_KIB = 512 * 1024;

/** Fills the drive of the data folder, or of an export, at any moment: a clear error, nothing lost, work continues. */
export const campaign: Campaign = {
  count: 24,
  open: async (): Promise<CaseRunner> => {
    const journey = await Journey.open();
    return {
      run: (chance) => fillDrive(journey, chance),
      [Symbol.asyncDispose]: () => {
        journey[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};

async function fillDrive(journey: Journey, { draw, pick }: Chance): Promise<string> {
  if (!canMakeDisks) return 'skipped: no drive can be mounted here';
  const work = pick(WORKS);
  const isOfTarget = work === 'export' && draw() < 0.5;
  const { before, after, target: whole, result } = await journey.prepared(work);
  const [from, to] = isOfTarget ? [0, sizeKiB(whole)] : [sizeKiB(before), sizeKiB(after)];
  using drive = new SmallDrive(Math.ceil(from + LEAST_KIB + draw() * (to - from)));
  using roomy = new SmallDrive(ENOUGH_KIB);
  const data = join((isOfTarget ? roomy : drive).folder, 'data');
  const target = join((isOfTarget ? drive : roomy).folder, 'export');
  if (existsSync(before)) cpSync(before, data, { recursive: true });
  const command = journey.command(work, target);
  const { code, stdout } = await runCommand(data, [...command, '--json']);
  const error = code === 0 ? 'room enough' : errorOf(work, stdout);
  drive.resize(ENOUGH_KIB);
  checkSound(data, target);
  if (code !== 0) await goOn(work, data, command);
  checkSound(data, target);
  checkSame(work, resultOf(work, data, target), result);
  return `${work}${isOfTarget ? ' (target)' : ''}, ${error}`;
}

/** @throws Error for an end that does not say that the drive is full */
function errorOf(work: Work, stdout: string): string {
  const code = /"code": "([A-Z_]+)"/.exec(stdout)?.[1] ?? 'no error code';
  if (code === 'DISK_FULL') return code;
  throw new Error(`${work} on a full drive ended with ${code}: ${stdout}`);
}

function sizeKiB(folder: string): number {
  if (!existsSync(folder)) return 0;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  // Drives count pages of 4 KiB.
  return files.reduce(
    (sum, { parentPath, name }) => sum + 4 * Math.ceil(statSync(join(parentPath, name)).size / 4096),
    0,
  );
}
