import type { Client } from '../../src-main/contract/contract.ts';
import type { ForegroundProposal } from '../../src-main/contract/foreground-proposal.ts';
import { userErrorFromInfo } from '../../src-main/contract/errors.ts';
import type { SegmentationId } from '../../src-main/contract/ids.ts';
import type { Job } from '../../src-main/contract/job.ts';
import type { MapState } from '../../src-main/contract/map.ts';
import type { Description } from '../../src-main/contract/similar.ts';

const POLL_MS = 400;

/** @param onJob called with the job at work, and finally with undefined */
type OnJob = (job: Job | undefined) => void;

/**
 * Has a segmentation described if that is due, and waits for it.
 * @throws what kept the job from ending well; undefined is returned for one that was stopped
 */
export async function describeFirst(
  client: Client,
  id: SegmentationId,
  onJob: OnJob,
): Promise<Description | undefined> {
  const before = await client.similar.state({ id });
  if (before.description?.changedCount === 0 && !before.job) return before.description;
  const job = await client.similar.describe({ id });
  const { description } = await waitFor(client, job, onJob, () => client.similar.state({ id }));
  return description ?? undefined;
}

/**
 * Lays out a segmentation, which has been described, on its map, and waits for it.
 * @returns the state then, also if the job was stopped
 * @throws what kept the job from ending well
 */
export async function layOutFirst(client: Client, id: SegmentationId, onJob: OnJob): Promise<MapState> {
  const job = await client.maps.layOut({ id });
  return waitFor(client, job, onJob, () => client.maps.state({ id }));
}

/**
 * The foregrounds that are proposed for a segmentation; if there are none, they are made, and waited for.
 * @param isNew makes them again in any case
 * @returns null if the job was stopped
 * @throws what kept the job from ending well
 */
export async function recutFirst(
  client: Client,
  { id, isNew }: { id: SegmentationId; isNew: boolean },
  onJob: OnJob,
): Promise<ForegroundProposal | null> {
  const before = await client.foregrounds.state({ id });
  if (before.proposal && !isNew) return before.proposal;
  const job = await client.foregrounds.make({ id });
  return (await waitFor(client, job, onJob, () => client.foregrounds.state({ id }))).proposal;
}

/** Reads a state again and again until its job has ended. */
async function waitFor<State extends { job: Job | null }>(
  client: Client,
  first: Job,
  onJob: OnJob,
  read: () => Promise<State>,
): Promise<State> {
  let job = first;
  try {
    for (;;) {
      onJob(job);
      const state = await read();
      if (!state.job) {
        job = await client.jobs.get({ id: job.id });
        if (job.error) throw userErrorFromInfo(job.error);
        return state;
      }
      job = state.job;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    onJob(undefined);
  }
}
