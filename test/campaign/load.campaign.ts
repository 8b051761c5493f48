import type { Campaign } from './campaign.ts';
import { judgeGrowth } from './growth.ts';
import { Load } from './load.ts';

/** Hours of mixed work on one `r2o serve`, with pages that come and go: it holds no more at the end than after the start. */
export const campaign: Campaign = {
  count: Infinity,
  minutes: 2,
  open: async ({ recordTo }) => {
    const load = await Load.open({ recordTo });
    return {
      run: (chance) => load.work(chance),
      findings: () => judgeGrowth(load.samples),
      [Symbol.asyncDispose]: () => load[Symbol.asyncDispose](),
    };
  },
};
