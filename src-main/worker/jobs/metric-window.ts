import { RunMetric } from '../../contract/run.ts';
import type { MetricPoint } from '../../domain/metric-point.ts';

/** Means of values over windows of steps, so that a run of a million steps keeps curves that can be read. */
export class MetricWindow {
  readonly #steps: number;
  readonly #sums = new Map<RunMetric, { sum: number; count: number }>();

  /** @param steps length of a window, from 1 */
  constructor(steps: number) {
    this.#steps = Math.max(1, steps);
  }

  /** Takes the values of a step, and returns the means of the window that it ends, if it ends one. */
  add(step: number, values: Partial<Record<RunMetric, number>>): MetricPoint[] {
    for (const name of RunMetric.options) {
      const value = values[name];
      if (value === undefined) continue;
      const { sum, count } = this.#sums.get(name) ?? { sum: 0, count: 0 };
      this.#sums.set(name, { sum: sum + value, count: count + 1 });
    }
    if ((step + 1) % this.#steps !== 0) return [];
    const points = [...this.#sums].map(([name, { sum, count }]) => ({ name, step, value: sum / count }));
    this.#sums.clear();
    return points;
  }
}
