/** Share of a phase that its expected time counts for, against what has been measured of it. */
const EXPECTED_SHARE = 0.05;
/** Share of a phase without an expectation that has to be measured first: before, its time would be a guess. */
const LEAST_SHARE = 0.03;

/** What a report says about the whole job. */
export type WholeJob = {
  /** Time until the job ends; null until it can be said. */
  leftMs: number | null;
  /** Share of the job that is done, 0..1; undefined until it can be said. */
  jobShare?: number;
};

/**
 * How long a job still takes, over all of its phases.
 *
 * [Note: One time for all phases] A phase that has begun is measured; one that comes later takes what it is expected to
 * take. A phase starts with its expectation, which what is measured replaces little by little, so that the time neither
 * starts anew with each phase nor leaps where an expectation was wrong.
 */
export class TimeLeft {
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  #phaseStartedMs: number;
  #expectedMs: number | null = null;
  #laterMs = 0;
  #shownShare = 0;

  /** @param nowMs monotonic milliseconds */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#startedMs = this.#phaseStartedMs = nowMs();
  }

  /**
   * Starts the next phase.
   * @param expectedMs time that it will take; null if nothing is known about it
   */
  start(expectedMs: number | null): void {
    this.#phaseStartedMs = this.#nowMs();
    this.#expectedMs = expectedMs;
  }

  /** @param ms time that all phases after this one will take */
  expectLater(ms: number): void {
    this.#laterMs = ms;
  }

  /** @param share of the current phase that is done, 0..1 */
  at(share: number): WholeJob {
    const nowMs = this.#nowMs();
    const measuredMs = nowMs - this.#phaseStartedMs;
    const expectedMs = this.#expectedMs;
    if (expectedMs === null && share < LEAST_SHARE) return { leftMs: null };
    const [weight, known] = expectedMs === null ? [0, 0] : [EXPECTED_SHARE, expectedMs];
    const phaseMs = (weight * known + measuredMs) / (weight + share);
    const leftMs = Math.round((1 - share) * phaseMs + this.#laterMs);
    const soFarMs = nowMs - this.#startedMs;
    // The bar never goes back.
    this.#shownShare = Math.max(this.#shownShare, soFarMs / Math.max(soFarMs + leftMs, 1));
    return { leftMs, jobShare: this.#shownShare };
  }
}
