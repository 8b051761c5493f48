import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Campaign, CaseRunner } from './campaign.ts';
import { checkSame, checkSound, checkWhole, goOn, Journey, MASK_WORKS, resultOf, RunningCommand, WORKS } from './journey.ts'; // prettier-ignore

/** Kills reach beyond the end of the undisturbed work, so that some come while the data folder is closed. */
const BEYOND = 1.1;

/** Kills all processes of a command at any moment: nothing saved is lost, and the work can be continued. */
export const campaign: Campaign = {
  count: 100,
  open: async (): Promise<CaseRunner> => {
    const journey = await Journey.open();
    return {
      run: async ({ draw, pick }) => {
        const work = pick(WORKS);
        const prepared = await journey.prepared(work);
        const { before, durationMs, result } = prepared;
        const place = mkdtempSync(join(tmpdir(), 'r2o-kill-'));
        try {
          const [data, target] = [join(place, 'data'), join(place, 'out/export')];
          if (existsSync(before)) cpSync(before, data, { recursive: true });
          const command = journey.command(work, target);
          const running = new RunningCommand(data, command);
          await Promise.race([running.ended, delay(draw() * BEYOND * durationMs)]);
          running.kill();
          const { code } = await running.ended;
          checkSound(data, target);
          if (MASK_WORKS.includes(work)) checkWhole(work, data, prepared);
          await goOn(work, data, command);
          checkSound(data, target);
          checkSame(work, resultOf(work, data, target), result);
          return `${work}, ${code === 0 ? 'finished before' : 'killed'}`;
        } finally {
          rmSync(place, { recursive: true, force: true });
        }
      },
      [Symbol.asyncDispose]: () => {
        journey[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};
