import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canLimitMemory, MemoryGroup } from '../support/memory-group.ts';
import type { Campaign, CaseRunner, Chance } from './campaign.ts';
import { goOn, Journey, worksOf } from './journey.ts';
import { checkSame, checkSound, resultOf } from './results.ts';
import { runCommand, type CommandEnd } from './running-command.ts';
import type { Work } from './works.ts';

/** Below it not even the command line starts; above it everything here has enough. */
const LIMITS_MIB = { from: 90, below: 350 };
/** What the shell and Node say of a process that the system has killed. */
const KILLED = 137;
const DONE = 'done';

/**
 * Lets the memory of the machine end at any amount: whatever the system kills, what was done is kept, a worker that was
 * killed is said, and the same work leads to the same result once there is memory.
 */
export const campaign: Campaign = {
  count: 40,
  open: async ({ only }): Promise<CaseRunner> => {
    const works = worksOf(only);
    const journey = await Journey.open();
    const limits: Record<string, Limits> = {};
    return {
      run: async (chance) => {
        if (!canLimitMemory) return 'skipped: no memory can be limited here';
        const { work, limitMiB, said } = await limitMemory(journey, chance.pick(works), chance);
        limits[work] = withLimit(limits[work], limitMiB, said);
        return `${work}: ${said}`;
      },
      findings: () => ({ measured: limits, problems: [] }),
      [Symbol.asyncDispose]: () => {
        journey[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};

/** In MiB for a command and its workers; of the kinds of ends that there were. */
type Limits = { leastThatSufficed?: number; mostThatDidNot?: number };

function withLimit(
  { leastThatSufficed, mostThatDidNot }: Limits = {},
  limitMiB: number,
  said: string,
): Limits {
  return said === DONE
    ? {
        ...(mostThatDidNot !== undefined && { mostThatDidNot }),
        leastThatSufficed: Math.min(leastThatSufficed ?? Infinity, limitMiB),
      }
    : {
        ...(leastThatSufficed !== undefined && { leastThatSufficed }),
        mostThatDidNot: Math.max(mostThatDidNot ?? 0, limitMiB),
      };
}

type Case = { work: Work; limitMiB: number; said: string };

async function limitMemory(journey: Journey, work: Work, { whole }: Chance): Promise<Case> {
  const prepared = await journey.prepared(work);
  const folder = mkdtempSync(join(tmpdir(), 'r2o-memory-'));
  try {
    const place = { data: join(folder, 'data'), target: join(folder, 'out/export') };
    const command = await journey.begin(work, place);
    const limitMiB = whole(LIMITS_MIB.from, LIMITS_MIB.below);
    using group = new MemoryGroup(limitMiB);
    const end = await runCommand(place.data, [...command, '--json'], group.prefix);
    const said = saidOf(work, end);
    checkSound(work, place, prepared);
    if (end.code !== 0) await goOn(work, place, { command, prepared });
    checkSound(work, place, prepared);
    checkSame(work, resultOf(work, place), prepared.result);
    return { work, limitMiB, said };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws Error for an end that says nothing, or something else than that a process was killed */
function saidOf(work: Work, { code, stdout, stderr }: CommandEnd): string {
  if (code === 0) return DONE;
  const error = /"code": "([A-Z_]+)"/.exec(stdout + stderr)?.[1];
  if (error === 'WORKER_FAILED' || error === 'OUT_OF_MEMORY') return error;
  if (error === undefined && (code === KILLED || code === null)) return 'the command itself was killed';
  throw new Error(
    `${work} without memory ended with ${error ?? 'no error code'} (${code ?? 'signal'}): ${stdout}${stderr}`,
  );
}
