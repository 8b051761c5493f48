import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, platform, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { BenchReport } from './bench-report.ts';
import type { Measurement, MeasureOptions } from './engine/measurement.ts';
import { operatorTable } from './engine/operator-table.ts';
import { bundleScript, measureOurs, measureTorch, torchVariants } from './engine/processes.ts';

const CASES: (MeasureOptions & { label: string })[] = [
  { label: 'R18Training', mode: 'step', arch: 'resnet18', batch: 16, sizePx: 128, steps: 5, threads: 2 },
  { label: 'R50Training', mode: 'step', arch: 'resnet50', batch: 8, sizePx: 224, steps: 3, threads: 2 },
  { label: 'R18Inference', mode: 'infer', arch: 'resnet18', batch: 16, sizePx: 128, steps: 10, threads: 2 },
  { label: 'R50Inference', mode: 'infer', arch: 'resnet50', batch: 8, sizePx: 224, steps: 6, threads: 2 },
];

/** Measurements of a case, by what computed it. */
type Rounds = { label: string; options: MeasureOptions; engines: Map<string, Measurement[]> };

const OURS = 'compiled';

/**
 * The compiled engine, PyTorch and TensorFlow, in turn; every measurement in a process of its own. Flags: `--rounds N` (2),
 * `--only LABEL`, `--torch PYTHON` (one with PyTorch 2), `--tensorflow FOLDER` (what `r2o devices install` made),
 * `--profile` (time by operator), `--dump FOLDER` (the graph of the training step after each pass of the compiler).
 */
export async function run(args: readonly string[]): Promise<BenchReport> {
  const text = { type: 'string' } as const;
  const options = { rounds: text, only: text, torch: text, tensorflow: text, dump: text };
  const { values } = parseArgs({
    args: [...args],
    options: { ...options, profile: { type: 'boolean' } },
  });
  const cases = CASES.filter(({ label }) => values.only === undefined || label.startsWith(values.only));
  const script = await bundleScript(join(import.meta.dirname, 'engine/measure.ts'));
  try {
    const engines = enginesOf(script, values);
    const results = cases.map(({ label, ...settings }) =>
      measureCase({ label, options: settings, engines: new Map() }, engines, Number(values.rounds ?? 2)),
    );
    const steps = results.filter(({ options: { mode } }) => mode === 'step');
    return {
      benchmark: 'engine',
      machine: machine(),
      tables: [
        { title: 'time and peak memory', rows: results.flatMap(tableRows) },
        ...(values.profile ? steps.map((result) => profileOf(script, result)) : []),
        ...(values.dump === undefined
          ? []
          : steps.map((result) => dumpOf(script, result, values.dump ?? ''))),
      ],
      ratios: Object.assign({}, ...results.map(ratiosOf)) as Record<string, number>,
    };
  } finally {
    rmSync(dirname(script), { recursive: true });
  }
}

type MeasureCase = (options: MeasureOptions) => Measurement | undefined;

function enginesOf(
  script: string,
  { torch, tensorflow }: { torch?: string | undefined; tensorflow?: string | undefined },
): Map<string, MeasureCase> {
  return new Map<string, MeasureCase>([
    [OURS, (options) => measureOurs(script, options)],
    ...torchVariants(torch).map(
      (variant) => [variant.name, (options: MeasureOptions) => measureTorch(variant, options)] as const,
    ),
    ...(tensorflow === undefined ? [] : [['tfjs on TensorFlow', onTensorFlow(script, tensorflow)] as const]),
  ]);
}

/** It trains only: segmentation runs encoders in the compiled engine. */
const onTensorFlow =
  (script: string, folder: string): MeasureCase =>
  (options) =>
    options.mode === 'step'
      ? measureOurs(script, { ...options, tensorflowFolder: resolve(folder) })
      : undefined;

function measureCase(rounds: Rounds, engines: ReadonlyMap<string, MeasureCase>, count: number): Rounds {
  for (let round = 0; round < count; round++) {
    for (const [name, measure] of engines) {
      const measured = measure(rounds.options);
      if (measured) rounds.engines.set(name, [...(rounds.engines.get(name) ?? []), measured]);
    }
  }
  return rounds;
}

function profileOf(script: string, { label, options }: Rounds) {
  const profilePrefix = join(dirname(script), label);
  measureOurs(script, { ...options, steps: 2, profilePrefix });
  return { title: `${label}: ms a step by operator`, rows: operatorTable(profilePrefix) };
}

function dumpOf(script: string, { label, options }: Rounds, folder: string) {
  const dumpFolder = resolve(folder, label);
  mkdirSync(dumpFolder, { recursive: true });
  const { stages = [] } = measureOurs(script, { ...options, steps: 1, dumpFolder });
  const rows = stages.map(({ elapsedMs, ...stage }) => ({ ...stage, elapsedMs: Math.round(elapsedMs) }));
  return { title: `${label}: the update step after each stage, in ${dumpFolder}`, rows };
}

function tableRows({ label, engines }: Rounds): Record<string, string | number>[] {
  return [...engines].flatMap(([engine, measurements]) =>
    measurements.map((measurement, round) => ({
      case: label,
      engine,
      round: round + 1,
      medianMs: Math.round(measurement.medianMs),
      minMs: Math.round(measurement.minMs),
      imagesPerS: Number(measurement.imagesPerS.toFixed(2)),
      peakRssMiB: measurement.peakRssMiB,
      compileMs: measurement.compileMs ?? '',
    })),
  );
}

/** Our speed over that of each other, from the fastest run of each side, which other work disturbs least. */
function ratiosOf({ label, engines }: Rounds): Record<string, number> {
  const ours = engines.get(OURS) ?? [];
  const least = (measurements: readonly Measurement[], field: 'minMs' | 'medianMs') =>
    Math.min(...measurements.map((measurement) => measurement[field]));
  const most = (measurements: readonly Measurement[]) => Math.max(...measurements.map((m) => m.peakRssMiB));
  const others = [...engines].filter(([name]) => name !== OURS);
  return Object.fromEntries(
    others.flatMap(([name, theirs]) => [
      [claim(label, 'speed vs', name), least(theirs, 'minMs') / least(ours, 'minMs')],
      [claim(label, 'median speed vs', name), least(theirs, 'medianMs') / least(ours, 'medianMs')],
      [claim(label, 'memory vs', name), most(ours) / most(theirs)],
    ]),
  );
}

/** Such as `r18TrainingSpeedVsTorch2Eager`. */
function claim(label: string, what: string, engine: string): string {
  const words = `${label} ${what} ${engine}`.replaceAll(/[^a-zA-Z0-9]+(.)/g, (_, letter: string) =>
    letter.toUpperCase(),
  );
  return words.charAt(0).toLowerCase() + words.slice(1);
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
