import type { ServiceLink } from '../service-link.ts';

/** What every job of the worker gets in addition to its spec. */
export type JobContext = {
  link: ServiceLink;
  /** Aborted with a JobStopped when the job is to pause or to be cancelled. */
  signal: AbortSignal;
  /** Processor cores that the job may use. */
  cores: number;
};
