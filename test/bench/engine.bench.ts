import { rmSync } from 'node:fs';
import { availableParallelism, cpus, platform, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BenchReport } from './bench-report.ts';
import type { Measurement, MeasureOptions } from './engine/measurement.ts';
import { operatorTable } from './engine/operator-table.ts';
import { bundleScript, measureOurs, measureTorch, whyNoTorch } from './engine/processes.ts';

const CASES: (MeasureOptions & { label: string })[] = [
  { label: 'R18Training', mode: 'step', arch: 'resnet18', batch: 16, sizePx: 128, steps: 5, threads: 2 },
  { label: 'R50Training', mode: 'step', arch: 'resnet50', batch: 8, sizePx: 224, steps: 3, threads: 2 },
  { label: 'R18Inference', mode: 'infer', arch: 'resnet18', batch: 16, sizePx: 128, steps: 10, threads: 2 },
  { label: 'R50Inference', mode: 'infer', arch: 'resnet50', batch: 8, sizePx: 224, steps: 6, threads: 2 },
];

type Rounds = { label: string; options: MeasureOptions; ours: Measurement[]; torch: Measurement[] };

/**
 * The compiled engine against PyTorch's step, in turn: ours, torch, ours, torch; every measurement in
 * a process of its own. Flags: `--rounds N` (2), `--only LABEL`, `--profile` (time by operator).
 */
export async function run(args: readonly string[]): Promise<BenchReport> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string' }, only: { type: 'string' }, profile: { type: 'boolean' } },
  });
  const rounds = Number(values.rounds ?? 2);
  const cases = CASES.filter(({ label }) => values.only === undefined || label.startsWith(values.only));
  const script = await bundleScript(join(import.meta.dirname, 'engine/measure.ts'));
  try {
    const noTorch = whyNoTorch();
    if (noTorch) console.error(`No comparison: ${noTorch}.`);
    const results = cases.map(({ label, ...options }): Rounds => {
      const ours: Measurement[] = [];
      const torch: Measurement[] = [];
      for (let round = 0; round < rounds; round++) {
        ours.push(measureOurs(script, options));
        if (!noTorch) torch.push(measureTorch(options));
      }
      return { label, options, ours, torch };
    });
    const profiles = values.profile
      ? results
          .filter(({ options }) => options.mode === 'step')
          .map(({ label, options }) => {
            const profilePrefix = join(dirname(script), label);
            measureOurs(script, { ...options, steps: 2, profilePrefix });
            return { title: `${label}: ms a step by operator`, rows: operatorTable(profilePrefix) };
          })
      : [];
    return {
      benchmark: 'engine',
      machine: machine(),
      tables: [{ title: 'time and peak memory', rows: results.flatMap(tableRows) }, ...profiles],
      ratios: Object.assign({}, ...results.map(ratiosOf)) as Record<string, number>,
    };
  } finally {
    rmSync(dirname(script), { recursive: true });
  }
}

function tableRows({ label, ours, torch }: Rounds): Record<string, string | number>[] {
  const row = (engine: string) => (measurement: Measurement, round: number) => ({
    case: label,
    engine,
    round: round + 1,
    medianMs: Math.round(measurement.medianMs),
    minMs: Math.round(measurement.minMs),
    imagesPerS: Number(measurement.imagesPerS.toFixed(2)),
    peakRssMiB: measurement.peakRssMiB,
    compileMs: measurement.compileMs ?? '',
  });
  return [...ours.map(row('compiled')), ...torch.map(row('torch'))];
}

/** Speed from the fastest run of each side, which other work on the machine disturbs least. */
function ratiosOf({ label, ours, torch }: Rounds): Record<string, number> {
  if (torch.length === 0) return {};
  const least = (measurements: readonly Measurement[], field: 'minMs' | 'medianMs' | 'peakRssMiB') =>
    Math.min(...measurements.map((measurement) => measurement[field]));
  const most = (measurements: readonly Measurement[]) => Math.max(...measurements.map((m) => m.peakRssMiB));
  const name = label.charAt(0).toLowerCase() + label.slice(1);
  return {
    [`${name}SpeedVsTorch`]: least(torch, 'minMs') / least(ours, 'minMs'),
    [`${name}MedianSpeedVsTorch`]: least(torch, 'medianMs') / least(ours, 'medianMs'),
    [`${name}MemoryVsTorch`]: most(ours) / most(torch),
  };
}

function machine(): BenchReport['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: platform(),
  };
}
