export type StopReason = 'cancel' | 'pause';

/** Thrown into a job that is asked to stop; the worker's entry turns it into the matching outcome. */
export class JobStopped extends Error {
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super(`job stopped: ${reason}`);
    this.name = 'JobStopped';
    this.reason = reason;
  }
}
