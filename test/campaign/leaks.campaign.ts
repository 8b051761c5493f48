import type { Campaign, Chance } from './campaign.ts';
import { judgeGrowth, MEASURES, type Measure } from './growth.ts';
import { Load } from './load.ts';
import { canReadProcesses } from './process-state.ts';

/** Pieces of work per case. */
const WORKS = 36;

/** Plants one leak after another, and none, into a server under load, which `load` has to find, and nothing else. */
export const campaign: Campaign = {
  count: MEASURES.length + 1,
  open: ({ recordTo }) =>
    Promise.resolve({
      run: (chance) => findLeak(chance, recordTo),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};

async function findLeak(chance: Chance, recordTo: string | undefined): Promise<string> {
  if (!canReadProcesses) return 'skipped: what processes hold cannot be read here';
  const leak = [undefined, ...MEASURES][chance.seed % (MEASURES.length + 1)];
  await using load = await Load.open({ leak, recordTo });
  for (let count = 0; count < WORKS; count++) await load.work(chance);
  const { grown, problems } = judgeGrowth(load.samples);
  if (leak === undefined && grown.length > 0) throw new Error(`without a leak: ${problems.join('; ')}`);
  if (leak !== undefined && !grown.includes(leak)) throw new Error(missed(leak, load));
  return `${leak ?? 'none'}: ${grown.length === 0 ? 'nothing' : grown.join(', ')} found`;
}

function missed(leak: Measure, { samples }: Load): string {
  return `${leak} leaks, and nothing is noticed: ${samples.map((sample) => sample[leak]?.toFixed(1)).join(' ')}`;
}
