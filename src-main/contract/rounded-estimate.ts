const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Up to `untilMs`, estimates are given in steps of `stepMs`. */
const STEPS = [
  { untilMs: 2 * MINUTE_MS, stepMs: 10 * SECOND_MS },
  { untilMs: HOUR_MS, stepMs: MINUTE_MS },
  { untilMs: 5 * HOUR_MS, stepMs: 10 * MINUTE_MS },
  { untilMs: Infinity, stepMs: HOUR_MS },
];

/** An estimated time, rounded to the precision of such estimates and never 0: shown for a run that has not started. */
export function roundedEstimateMs(ms: number): number {
  const stepMs = STEPS.find(({ untilMs }) => ms < untilMs)?.stepMs ?? HOUR_MS;
  return Math.max(Math.round(ms / stepMs), 1) * stepMs;
}
