import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canLimitMemory, MemoryGroup } from '../support/memory-group.ts';
import type { Campaign, CaseRunner, Chance } from './campaign.ts';
import {
  checkSame,
  checkSound,
  goOn,
  Journey,
  resultOf,
  runCommand,
  WORKS,
  type CommandEnd,
  type Work,
} from './journey.ts';

/** Below it not even the command line starts; above it everything here has enough. */
const LIMITS_MIB = { from: 90, below: 500 };
/** What the shell and Node say of a process that the system has killed. */
const KILLED = 137;

/**
 * Lets the memory of the machine end at any amount: whatever the system kills, what was done is kept, a worker that was
 * killed is said, and the same work leads to the same result once there is memory.
 */
export const campaign: Campaign = {
  count: 40,
  open: async (): Promise<CaseRunner> => {
    const journey = await Journey.open();
    return {
      run: (chance) => limitMemory(journey, chance),
      [Symbol.asyncDispose]: () => {
        journey[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};

async function limitMemory(journey: Journey, { whole, pick }: Chance): Promise<string> {
  if (!canLimitMemory) return 'skipped: no memory can be limited here';
  const work = pick(WORKS);
  const { before, result } = await journey.prepared(work);
  const place = mkdtempSync(join(tmpdir(), 'r2o-memory-'));
  try {
    const [data, target] = [join(place, 'data'), join(place, 'out/export')];
    if (existsSync(before)) cpSync(before, data, { recursive: true });
    const command = journey.command(work, target);
    using group = new MemoryGroup(whole(LIMITS_MIB.from, LIMITS_MIB.below));
    const end = await runCommand(data, [...command, '--json'], group.prefix);
    const said = saidOf(work, end);
    if (existsSync(join(data, 'studio.sqlite'))) checkSound(data, target);
    if (end.code !== 0) await goOn(work, data, command);
    checkSound(data, target);
    checkSame(work, resultOf(work, data, target), result);
    return `${work}: ${said}`;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** @throws Error for an end that says nothing, or something else than that a process was killed */
function saidOf(work: Work, { code, stdout, stderr }: CommandEnd): string {
  if (code === 0) return 'done';
  const error = /"code": "([A-Z_]+)"/.exec(stdout + stderr)?.[1];
  if (error === 'WORKER_FAILED' || error === 'OUT_OF_MEMORY') return error;
  if (error === undefined && (code === KILLED || code === null)) return 'the command itself was killed';
  throw new Error(
    `${work} without memory ended with ${error ?? 'no error code'} (${code ?? 'signal'}): ${stdout}${stderr}`,
  );
}
