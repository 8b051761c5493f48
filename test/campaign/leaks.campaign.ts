import type { Campaign, Chance } from './campaign.ts';
import { judgeGrowth, type Measure } from './growth.ts';
import { Load } from './load.ts';
import { canReadProcesses } from './process-state.ts';

/** Pieces of work per case. */
const WORKS = 36;
/** Leaks that are planted together: none of them shows in the measure of another. All measures are in one of them. */
const CASES: readonly (readonly Measure[])[] = [
  [],
  ['heap MiB', 'temporary files', 'files of the data folder', 'database MiB', 'log KiB'],
  ['memory MiB', 'handles', 'write-ahead log MiB'],
  ['threads', 'child processes', 'worker memory MiB', 'worker handles'],
];

/** Plants leaks, or none, into a server under load: `load` has to find each, and nothing without them. */
export const campaign: Campaign = {
  count: CASES.length,
  open: ({ recordTo }) =>
    Promise.resolve({
      run: (chance) => findLeaks(chance, recordTo),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};

async function findLeaks(chance: Chance, recordTo: string | undefined): Promise<string> {
  if (!canReadProcesses) return 'skipped: what processes hold cannot be read here';
  const leaks = CASES[chance.seed % CASES.length] ?? [];
  await using load = await Load.open({ leaks, recordTo });
  for (let count = 0; count < WORKS; count++) await load.work(chance);
  const { grown, problems, measured } = judgeGrowth(load.samples);
  const missed = leaks.filter((leak) => !grown.includes(leak));
  if (missed.length > 0)
    throw new Error(
      `${missed.join(', ')} not found: ${JSON.stringify(missed.map((leak) => measured[leak]))}`,
    );
  if (leaks.length === 0 && grown.length > 0) throw new Error(`found without a leak: ${problems.join('; ')}`);
  return leaks.length === 0 ? 'nothing planted, nothing found' : `found: ${leaks.join(', ')}`;
}
