import type { Client } from '../../contract/contract.ts';
import { UserError, userErrorFromInfo } from '../../contract/errors.ts';
import type { JobId } from '../../contract/ids.ts';
import type { Job } from '../../contract/job.ts';
import { isUnderWay } from '../../contract/job-state.ts';
import { ProgressDisplay } from './progress-display.ts';
import { onNextSignal } from './signals.ts';

/** The user pressed Ctrl-C, or cancelled the job elsewhere. */
export class Cancelled extends Error {
  constructor() {
    super('cancelled');
    this.name = 'Cancelled';
  }
}

/** Events are hints: the job is also read this often, so that a lost one never leaves us waiting. */
const POLL_MS = 1_000;

/**
 * Shows a job until it ends, and cancels it on Ctrl-C (a second Ctrl-C ends the command at once).
 * @returns the job, done or paused
 * @throws Cancelled, the UserError that the job failed with, or SERVER_UNREACHABLE once the process that ran it has ended
 */
export async function followJob(client: Client, id: JobId): Promise<Job> {
  const display = new ProgressDisplay();
  // Whatever the cancelling fails with, the job's own end shows.
  const cancel = () => void client.jobs.cancel({ id }).catch(() => undefined);
  using _interrupted = onNextSignal(['SIGINT'], cancel);
  try {
    const job = await waitForEnd(client, id, (latest) => display.update(latest));
    display.finish();
    if (job.state === 'cancelled') throw new Cancelled();
    if (job.error) throw userErrorFromInfo(job.error);
    return job;
  } finally {
    display.finish();
  }
}

async function waitForEnd(client: Client, id: JobId, onChange: (job: Job) => void): Promise<Job> {
  const stop = new AbortController();
  const ended = Promise.withResolvers<Job>();
  const update = (job: Job) => {
    onChange(job);
    if (!isUnderWay(job.state)) ended.resolve(job);
  };
  const poll = setInterval(() => void client.jobs.get({ id }).then(update, ended.reject), POLL_MS);
  try {
    const events = await client.events.watch(undefined, { signal: stop.signal });
    void listen(events, id, update, stop.signal).catch(ended.reject);
    update(await client.jobs.get({ id }));
    return await ended.promise;
  } catch (error) {
    throw isOwnerGone(error) ? ownerEnded(id, error) : error;
  } finally {
    clearInterval(poll);
    stop.abort();
  }
}

function isOwnerGone(error: unknown): boolean {
  return error instanceof UserError && error.code === 'SERVER_UNREACHABLE';
}

function ownerEnded(id: JobId, cause: unknown): UserError {
  return new UserError(
    'SERVER_UNREACHABLE',
    `The process that ran job ${id} has ended, so the job has stopped.`,
    {
      hint: `It keeps what it had saved. Continue it: r2o jobs resume ${id}`,
      cause,
    },
  );
}

async function listen(
  events: Awaited<ReturnType<Client['events']['watch']>>,
  id: JobId,
  update: (job: Job) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const event of events) {
      if (event.type === 'job' && event.job.id === id) update(event.job);
    }
  } catch (error) {
    // The watch ends when we stop it; if the connection ended, the next poll fails.
    if (!signal.aborted) throw error;
  }
}
