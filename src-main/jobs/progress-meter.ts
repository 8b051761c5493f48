import type { JobPhase, JobProgress } from '../contract/job.ts';
import type { ProgressReport } from '../worker/protocol/job.ts';

/** Time over which older speed readings lose about two thirds of their weight. */
const SMOOTHING_MS = 5_000;
/** Before this much time has passed in a phase, a rate would be a guess. */
const WARM_UP_MS = 500;

/** Turns a worker's plain counts into a rate and, where the worker says nothing about it, the time left of its phase. */
export class ProgressMeter {
  #phase: JobPhase | undefined;
  #startedAtMs = 0;
  #startedDone = 0;
  #lastAtMs = 0;
  #lastDone = 0;
  #ratePerS: number | undefined;

  /** @param nowMs monotonic milliseconds */
  update(report: ProgressReport, nowMs: number): JobProgress {
    if (report.phase !== this.#phase) this.#startPhase(report, nowMs);
    this.#observe(report.done, nowMs);
    const ratePerS = this.#ratePerS ?? null;
    const { leftMs, jobShare = null, ...counts } = report;
    return { ...counts, ratePerS, etaMs: leftMs === undefined ? this.#ofPhase(report) : leftMs, jobShare };
  }

  /** Time left of the phase; null until it is known. */
  #ofPhase({ done, total }: ProgressReport): number | null {
    return total === null || !this.#ratePerS ? null : Math.round(((total - done) / this.#ratePerS) * 1_000);
  }

  #startPhase(report: ProgressReport, nowMs: number): void {
    this.#phase = report.phase;
    this.#startedAtMs = this.#lastAtMs = nowMs;
    this.#startedDone = this.#lastDone = report.done;
    this.#ratePerS = undefined;
  }

  #observe(done: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#lastAtMs;
    if (nowMs - this.#startedAtMs < WARM_UP_MS || elapsedMs === 0) return;
    const latest = ((done - this.#lastDone) / elapsedMs) * 1_000;
    // The first reading covers the whole warm-up; later ones fade the older exponentially.
    const overall = ((done - this.#startedDone) / (nowMs - this.#startedAtMs)) * 1_000;
    const keep = Math.exp(-elapsedMs / SMOOTHING_MS);
    this.#ratePerS = this.#ratePerS === undefined ? overall : keep * this.#ratePerS + (1 - keep) * latest;
    this.#lastAtMs = nowMs;
    this.#lastDone = done;
  }
}
