import type { Client } from '../../src-main/contract/contract.ts';
import { userErrorFromInfo } from '../../src-main/contract/errors.ts';
import type { SegmentationId } from '../../src-main/contract/ids.ts';
import type { Job } from '../../src-main/contract/job.ts';
import type { Description } from '../../src-main/contract/similar.ts';

const POLL_MS = 400;

/**
 * Has a segmentation described if that is due, and waits for it.
 * @param onJob called with the job at work, and finally with undefined
 * @throws what kept the job from ending well; undefined is returned for one that was stopped
 */
export async function describeFirst(
  client: Client,
  id: SegmentationId,
  onJob: (job: Job | undefined) => void,
): Promise<Description | undefined> {
  const before = await client.similar.state({ id });
  if (before.description?.changedCount === 0 && !before.job) return before.description;
  let job = await client.similar.describe({ id });
  try {
    for (;;) {
      onJob(job);
      const { description, job: current } = await client.similar.state({ id });
      if (!current) {
        job = await client.jobs.get({ id: job.id });
        if (job.error) throw userErrorFromInfo(job.error);
        return description ?? undefined;
      }
      job = current;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    onJob(undefined);
  }
}
