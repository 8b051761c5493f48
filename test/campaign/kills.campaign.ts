import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Campaign, CaseRunner } from './campaign.ts';
import { goOn, Journey, worksOf } from './journey.ts';
import { checkSame, checkSound, checkWhole, resultOf } from './results.ts';
import { RunningCommand } from './running-command.ts';
import { MASK_WORKS } from './works.ts';

/** Kills reach beyond the end of the undisturbed work, so that some come while the data folder is closed. */
const BEYOND = 1.1;

/** Kills all processes of a command at any moment: nothing saved is lost, and the work can be continued. */
export const campaign: Campaign = {
  count: 100,
  open: async ({ only }): Promise<CaseRunner> => {
    const works = worksOf(only);
    const journey = await Journey.open();
    return {
      run: async ({ draw, pick }) => {
        const work = pick(works);
        const prepared = await journey.prepared(work);
        const { durationMs, result } = prepared;
        const folder = mkdtempSync(join(tmpdir(), 'r2o-kill-'));
        try {
          const place = { data: join(folder, 'data'), target: join(folder, 'out/export') };
          const command = await journey.begin(work, place);
          const running = new RunningCommand(place.data, command);
          await Promise.race([running.ended, delay(draw() * BEYOND * durationMs)]);
          running.kill();
          const { code } = await running.ended;
          checkSound(work, place, prepared);
          if (MASK_WORKS.includes(work)) checkWhole(work, place.data, prepared);
          await goOn(work, place, { command, prepared });
          checkSound(work, place, prepared);
          checkSame(work, resultOf(work, place), result);
          return `${work}, ${code === 0 ? 'finished before' : 'killed'}`;
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
      [Symbol.asyncDispose]: () => {
        journey[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};
