import { join, resolve } from 'node:path';
import type { Client } from '../../../contract/contract.ts';
import type { Job } from '../../../contract/job.ts';
import type { Run } from '../../../contract/run.ts';
import { followJob } from '../follow-job.ts';
import { countText, printable, type Output } from '../output.ts';

/**
 * Has a run prepared for PyTorch, and says what to do with it.
 * @param start queues the job that writes into `planTo`
 * @throws as `followJob`
 */
export async function planRun(
  client: Client,
  start: () => Promise<{ run: Run; job: Job }>,
  { output, planTo }: { output: Output; planTo: string },
): Promise<void> {
  const { run, job } = await start();
  await followJob(client, job.id);
  output.result({ run: await client.runs.get({ id: run.id }), folder: resolve(planTo) }, torchLines);
}

function torchLines({ run, folder }: { run: Run; folder: string }): string[] {
  const { id, name, imageCount, totalSteps, checkpointStep } = run;
  const place = printable(folder);
  const last = printable(join(folder, `checkpoint-${totalSteps}.safetensors`));
  return [
    `Planned run ${id} '${printable(name)}' in ${place}: ${countText(imageCount, 'image')}, step ${checkpointStep ?? 0} of ${totalSteps}.`,
    `  Train it where PyTorch is: python -m r2o_torch ${place}`,
    `  Then, here: r2o runs take ${id} ${last}`,
    `  and: r2o runs resume ${id}`,
  ];
}
