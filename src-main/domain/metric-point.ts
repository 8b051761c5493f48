import { z } from 'zod';
import { RunMetric } from '../contract/run.ts';

/** One value of one curve of a run, as the worker sends it and the store keeps it; clients get whole curves. */
export const MetricPoint = z.object({ name: RunMetric, step: z.number().int(), value: z.number() });
export type MetricPoint = z.infer<typeof MetricPoint>;
