import type { JobPhase, JobProgress } from '../contract/job.ts';
import type { ProgressReport } from '../worker/protocol/job.ts';

/** Time over which older speed readings lose about two thirds of their weight. */
const SMOOTHING_MS = 5_000;
/** Before this much time has passed in a phase, a rate would be a guess. */
const WARM_UP_MS = 500;

/** Turns a worker's plain counts into a rate and the time left, phase by phase. */
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
    const left = report.total === null ? undefined : report.total - report.done;
    const etaMs = left === undefined || !ratePerS ? null : Math.round((left / ratePerS) * 1_000);
    return { ...report, ratePerS, etaMs };
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
