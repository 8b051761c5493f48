import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canMakeDisks, SmallDrive } from '../support/small-drive.ts';
import type { Campaign, CaseRunner, Chance } from './campaign.ts';
import { goOn, Journey, worksOf } from './journey.ts';
import { checkSame, checkSound, resultOf } from './results.ts';
import { runCommand } from './running-command.ts';
import { definitionOf, type Work } from './works.ts';

/** What an empty drive needs before a data folder can be opened at all, in KiB. */
const LEAST_KIB = 64;
/** Enough for everything. */
const ENOUGH_KIB = 512 * 1024;

/** Fills the drive of the data folder, or of an export, at any moment: a clear error, nothing lost, work continues. */
export const campaign: Campaign = {
  count: 24,
  open: async ({ only }): Promise<CaseRunner> => {
    const works = worksOf(only);
    const journey = await Journey.open();
    return {
      run: (chance) => fillDrive(journey, chance.pick(works), chance),
      [Symbol.asyncDispose]: () => {
        journey[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};

async function fillDrive(journey: Journey, work: Work, { draw }: Chance): Promise<string> {
  if (!canMakeDisks) return 'skipped: no drive can be mounted here';
  const isOfTarget = definitionOf(work).writes !== undefined && draw() < 0.5;
  const prepared = await journey.prepared(work);
  const [from, to] = isOfTarget ? [0, sizeKiB(prepared.target)] : await dataKiB(journey, work);
  using drive = new SmallDrive(Math.ceil(from + LEAST_KIB + draw() * (to - from)));
  using roomy = new SmallDrive(ENOUGH_KIB);
  const place = {
    data: join((isOfTarget ? roomy : drive).folder, 'data'),
    target: join((isOfTarget ? drive : roomy).folder, 'export'),
  };
  const command = await journey.begin(work, place);
  const { code, stdout } = await runCommand(place.data, [...command, '--json']);
  const error = code === 0 ? 'room enough' : errorOf(work, stdout);
  drive.resize(ENOUGH_KIB);
  checkSound(work, place, prepared);
  if (code !== 0) await goOn(work, place, { command, prepared });
  checkSound(work, place, prepared);
  checkSame(work, resultOf(work, place), prepared.result);
  return `${work}${isOfTarget ? ' (target)' : ''}, ${error}`;
}

/** From what a data folder needs before the work to what it needs after it. */
async function dataKiB(journey: Journey, work: Work): Promise<[number, number]> {
  const { before, after } = await journey.prepared(work);
  // That of a shard is gone afterwards, and was like this one.
  const full = existsSync(after) ? after : (await journey.prepared('segment')).after;
  return [sizeKiB(before), sizeKiB(full)];
}

/** @throws Error for an end that does not say that the drive is full */
function errorOf(work: Work, stdout: string): string {
  const code = /"code": "([A-Z_]+)"/.exec(stdout)?.[1] ?? 'no error code';
  if (code === 'DISK_FULL') return code;
  throw new Error(`${work} on a full drive ended with ${code}: ${stdout}`);
}

function sizeKiB(path: string): number {
  if (!existsSync(path)) return 0;
  if (statSync(path).isFile()) return pagesKiB(path);
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + pagesKiB(join(parentPath, name)), 0);
}

/** Drives count pages of 4 KiB. */
const pagesKiB = (file: string) => 4 * Math.ceil(statSync(file).size / 4096);
