import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CallWorker } from '../../../jobs/call-worker.ts';
import { forkNodeWorker } from '../../shared/fork-node-worker.ts';
import { workerEntry } from '../../shared/paths.ts';
import { followJob } from '../follow-job.ts';
import { table } from '../output.ts';
import { contextOf } from '../program.ts';
import { openSession } from '../session.ts';

const SCENES = 48;
const SCENE_SEED = 2208;

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .option('--images <folder>', 'use your own photos instead of made-up scenes')
    .description('try the app on made-up scenes, or on your photos, in a data folder of its own')
    .action(async (options: { images?: string }, command: Command) => {
      const { output } = contextOf(command);
      const folder = mkdtempSync(join(tmpdir(), 'r2o-demo-'));
      const images = options.images ?? (await makeScenes(folder));
      const startMs = performance.now();
      await using session = await openSession(join(folder, 'data'));
      const { collection, job } = await session.client.collections.add({ path: images });
      await followJob(session.client, job.id);
      const { counts } = await session.client.collections.get({ id: collection.id });
      const seconds = (performance.now() - startMs) / 1_000;
      const result = {
        images,
        dataFolder: join(folder, 'data'),
        counts,
        scanSeconds: Math.round(seconds * 10) / 10,
      };
      output.result(result, () => [
        ...table([
          ['STEP', 'RESULT', 'TIME'],
          ['scan', `${counts.usable} images, ${counts.problems} problems`, `${result.scanSeconds} s`],
        ]),
        '',
        `Images:      ${images}`,
        `Data folder: ${result.dataFolder}`,
        `Look at it:  npx r2o --data ${result.dataFolder} serve`,
      ]);
    });
}

async function makeScenes(folder: string): Promise<string> {
  using worker = new CallWorker({
    fork: forkNodeWorker(workerEntry, () => undefined),
    onBug: () => undefined,
  });
  await worker.call({ kind: 'make-scenes', folder, count: SCENES, seed: SCENE_SEED });
  return join(folder, 'images');
}
