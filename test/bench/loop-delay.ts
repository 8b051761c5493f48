import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The design's bound on the delay of the service's event loop while a job runs. */
export const MAX_LOOP_DELAY_MS = 50;
const RESOLUTION_MS = 5;

export type LoopDelay = { ms: number; loopP99Ms: number; loopMaxMs: number };

/** Times `work`, and how late this process's event loop was meanwhile. */
export async function measureLoop(work: () => Promise<void>): Promise<LoopDelay> {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  loop.disable();
  // The histogram holds whole intervals; what exceeds the sampling interval is delay.
  return {
    ms,
    loopP99Ms: loop.percentile(99) / 1e6 - RESOLUTION_MS,
    loopMaxMs: loop.max / 1e6 - RESOLUTION_MS,
  };
}
