import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { workerEnvironment } from '../../../src-main/host/shared/worker-environment.ts';
import { bundle } from '../../support/run-bundled.ts';
import type { Measurement, MeasureOptions } from './measurement.ts';

const root = resolve(import.meta.dirname, '../../..');
const shared = process.env.R2O_SHARED ?? resolve(root, '../shared');
const torchScript = join(shared, 'tools/torch_r2o_step.py');
/** Debian's Python, which has Debian's PyTorch; another one may come first in PATH. */
const python = '/usr/bin/python3';

/**
 * Bundles a measuring process, so that neither vite nor a type stripper counts in its memory.
 * @param entry path of its TypeScript file
 * @returns path of the script, which is there until this process ends
 */
export async function bundleScript(entry: string): Promise<string> {
  const { script, remove } = await bundle(entry);
  process.once('exit', remove);
  return script;
}

/** Runs one measurement of the engine in a new process. */
export function measureOurs(script: string, options: MeasureOptions): Measurement {
  const run = (task: MeasureOptions) =>
    spawnSync(process.execPath, [script, JSON.stringify(task)], {
      encoding: 'utf8',
      env: workerEnvironment(),
    });
  if (options.mode !== 'infer') return lastJson(run(options));
  const modelPath = join(dirname(script), 'encoder.onnx');
  const written = run({ ...options, mode: 'export', modelPath });
  if (written.status !== 0) throw new Error(`the export failed: ${written.stderr.slice(-2000)}`);
  return lastJson(run({ ...options, modelPath }));
}

/** Why the yardstick cannot run here, or undefined. */
export function whyNoTorch(): string | undefined {
  if (!existsSync(torchScript)) return `${torchScript} is not there`;
  const found = spawnSync(python, ['-c', 'import torch, torchvision'], { encoding: 'utf8' });
  return found.status === 0 ? undefined : "Debian's python3-torch and python3-torchvision are not installed";
}

/** Runs PyTorch's step or inference at the same settings in a new process. */
export function measureTorch({ mode, arch, batch, sizePx, steps, threads }: MeasureOptions): Measurement {
  const flags = Object.entries({ arch, batch, size: sizePx, steps, threads }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  const infer = mode === 'infer' ? ['--infer'] : [];
  return lastJson(spawnSync(python, [torchScript, ...flags, ...infer, '--json'], { encoding: 'utf8' }));
}

function lastJson(result: FinishedProcess): Measurement {
  // Written by `measure.ts` or by the yardstick, whose fields are those of Measurement.
  return lastJsonLine(result) as Measurement;
}

type FinishedProcess = { status: number | null; stdout: string; stderr: string };

/** The last line that a measuring process printed. @throws Error with what it said when it failed */
export function lastJsonLine(result: FinishedProcess): unknown {
  const line = result.stdout.trim().split('\n').at(-1);
  if (result.status !== 0 || !line) throw new Error(`a measurement failed: ${result.stderr.slice(-2000)}`);
  return JSON.parse(line);
}
