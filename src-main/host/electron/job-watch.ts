import type { Job } from '../../contract/job.ts';
import { isAtWork, isUnderWay, statesThat } from '../../contract/job-state.ts';
import type { JobId } from '../../contract/ids.ts';
import type { ServiceEvent } from '../../contract/event.ts';
import type { Service } from '../../service/service.ts';

/** The jobs as the desktop follows them, for the taskbar, notifications and the question before closing. */
export class JobWatch {
  readonly #jobs = new Map<JobId, Job>();

  constructor(service: Service) {
    const { items } = service.store.jobs.page({ states: statesThat(isUnderWay), cursor: null, limit: 100 });
    for (const job of items) this.#jobs.set(job.id, job);
  }

  get jobs(): Iterable<Job> {
    return this.#jobs.values();
  }

  get atWork(): Job | undefined {
    return [...this.#jobs.values()].find((job) => isAtWork(job.state));
  }

  /** Takes over an event. @returns the job that it is about, as it was and as it is */
  apply(event: ServiceEvent): { before: Job | undefined; job: Job } | undefined {
    if (event.type !== 'job') return undefined;
    const before = this.#jobs.get(event.job.id);
    if (isUnderWay(event.job.state)) this.#jobs.set(event.job.id, event.job);
    else this.#jobs.delete(event.job.id);
    return { before, job: event.job };
  }
}
