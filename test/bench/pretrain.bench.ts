import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { bundleScript, lastJsonLine, measureTorch, torchVariants } from './engine/processes.ts';
import type { PretrainMeasurement, PretrainMeasureOptions } from './pretrain/measurement.ts';

const root = resolve(import.meta.dirname, '../..');
const photos = join(process.env.R2O_SHARED ?? resolve(root, '../shared'), 'data/pets/images');
const batchThread = join(root, 'out/main/batch-thread.js');

/** As the preset `quick` trains, at the yardstick's K. */
const SETTINGS = { batch: 16, sizePx: 128, regionCount: 32, threads: 2 };

type Rounds = Record<'pure' | 'cold' | 'warm', PretrainMeasurement[]> & { torch: number[] };

/**
 * Pretraining from photos to weights, with cold and with warm caches, against the engine's step alone and against
 * PyTorch's; in turn, each in a process of its own. Flags: `--rounds N` (2), `--steps N` (14, an epoch).
 */
export async function run(args: readonly string[]): Promise<BenchReport> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string' }, steps: { type: 'string' } },
  });
  if (!existsSync(photos)) throw new Error(`This benchmark needs the photos of ${photos}.`);
  if (!existsSync(batchThread)) throw new Error('This benchmark needs a build: npm run build.');
  const script = await bundleScript(join(import.meta.dirname, 'pretrain/measure.ts'));
  try {
    const rounds = measureRounds(script, Number(values.rounds ?? 2), Number(values.steps ?? 14));
    return {
      benchmark: 'pretrain',
      machine: describeMachine(),
      tables: [{ title: 'ResNet-18, 128 px, batches of 16', rows: rowsOf(rounds) }],
      ratios: ratiosOf(rounds),
    };
  } finally {
    rmSync(dirname(script), { recursive: true });
  }
}

function measureRounds(script: string, count: number, steps: number): Rounds {
  const rounds: Rounds = { pure: [], cold: [], warm: [], torch: [] };
  const [yardstick] = torchVariants(undefined);
  for (let round = 0; round < count; round++) {
    const cacheFolder = mkdtempSync(join(tmpdir(), 'r2o-bench-'));
    const options = { ...SETTINGS, folder: photos, cacheFolder, batchThread, steps };
    try {
      rounds.cold.push(measure(script, { ...options, mode: 'pipeline' }));
      rounds.pure.push(measure(script, { ...options, mode: 'pure' }));
      rounds.warm.push(measure(script, { ...options, mode: 'pipeline' }));
    } finally {
      rmSync(cacheFolder, { recursive: true });
    }
    const torch = { mode: 'step', arch: 'resnet18', batch: SETTINGS.batch, sizePx: SETTINGS.sizePx } as const;
    if (yardstick) {
      rounds.torch.push(measureTorch(yardstick, { ...torch, steps: 5, threads: 2 }).imagesPerS);
    }
  }
  return rounds;
}

function measure(script: string, options: PretrainMeasureOptions): PretrainMeasurement {
  const result = spawnSync(process.execPath, [script, JSON.stringify(options)], { encoding: 'utf8' });
  // Written by pretrain/measure.ts.
  return lastJsonLine(result) as PretrainMeasurement;
}

function rowsOf({ pure, cold, warm, torch }: Rounds): Record<string, string | number>[] {
  const row = (what: string) => (one: PretrainMeasurement, round: number) => ({
    what,
    round: round + 1,
    imagesPerS: Number(one.imagesPerS.toFixed(2)),
    stepMs: Math.round(one.stepMs),
    waitMs: Number(one.waitMs.toFixed(1)),
  });
  return [
    ...pure.map(row('pure step')),
    ...cold.map(row('from files, caches cold')),
    ...warm.map(row('from files, caches warm')),
    ...torch.map((imagesPerS, round) => ({ what: 'torch step alone', round: round + 1, imagesPerS })),
  ];
}

/** The best round of each: other work on the machine only takes away. */
function ratiosOf({ pure, cold, warm, torch }: Rounds): Record<string, number> {
  const best = (rounds: readonly PretrainMeasurement[]) =>
    Math.max(...rounds.map(({ imagesPerS }) => imagesPerS));
  return {
    warmSpeedVsPureStep: best(warm) / best(pure),
    coldSpeedVsPureStep: best(cold) / best(pure),
    ...(torch.length === 0 ? {} : { warmSpeedVsTorchStep: best(warm) / Math.max(...torch) }),
  };
}
