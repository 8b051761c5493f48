import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

type ProfileEvent = { cat?: string; name?: string; dur?: number; args?: { op_name?: string } };

/**
 * Time by operator from the profiles that ONNX Runtime wrote with this path prefix, per run and summed
 * over the graphs of a step.
 */
export function operatorTable(prefix: string): Record<string, string | number>[] {
  const folder = dirname(prefix);
  const files = readdirSync(folder).filter(
    (file) => file.startsWith(basename(prefix)) && file.endsWith('.json'),
  );
  const totals = new Map<string, { ms: number; calls: number }>();
  for (const file of files) {
    // Written by ONNX Runtime in the Chrome trace format.
    const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProfileEvent[];
    const runs = events.filter((event) => event.name === 'model_run').length;
    for (const { cat, name, dur = 0, args } of events) {
      if (cat !== 'Node' || !name?.endsWith('_kernel_time') || args?.op_name === undefined) continue;
      const total = totals.get(args.op_name) ?? { ms: 0, calls: 0 };
      totals.set(args.op_name, { ms: total.ms + dur / 1e3 / runs, calls: total.calls + 1 / runs });
    }
  }
  return [...totals]
    .toSorted(([, a], [, b]) => b.ms - a.ms)
    .slice(0, 20)
    .map(([operator, { ms, calls }]) => ({ operator, ms: Number(ms.toFixed(1)), calls: Math.round(calls) }));
}
