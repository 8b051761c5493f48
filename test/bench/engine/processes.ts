import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { workerEnvironment } from '../../../src-main/host/shared/worker-environment.ts';
import { bundle } from '../../support/run-bundled.ts';
import type { Measurement, MeasureOptions } from './measurement.ts';

const torchScript = join(import.meta.dirname, 'torch_step.py');
/** It has Debian's PyTorch; another Python may come first in PATH. */
const DEBIAN_PYTHON = '/usr/bin/python3';

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

/** How PyTorch runs the yardstick. */
export type TorchVariant = {
  /** In tables and ratios. */
  name: string;
  /** The Python that has it. */
  python: string;
  flags: readonly string[];
};

/** Debian's PyTorch, if it is installed, and that of another Python in each way in which it may be fastest. */
export function torchVariants(python: string | undefined): TorchVariant[] {
  const debian = { name: 'torch 1.13', python: DEBIAN_PYTHON, flags: [] };
  const withTorch = [DEBIAN_PYTHON, ...(python === undefined ? [] : [python])].filter(hasTorch);
  const newest = (name: string, ...flags: string[]) =>
    python === undefined ? [] : [{ name: `torch 2 ${name}`, python, flags }];
  return [
    debian,
    ...newest('eager'),
    ...newest('channels-last', '--channels-last'),
    ...newest('compiled', '--compile'),
    ...newest('compiled, channels-last', '--compile', '--channels-last'),
  ].filter((variant) => withTorch.includes(variant.python));
}

function hasTorch(python: string): boolean {
  const found = spawnSync(python, ['-c', 'import torch, torchvision'], { encoding: 'utf8' });
  if (found.status !== 0) {
    const reason = found.error?.message ?? found.stderr.trim().split('\n').at(-1);
    console.error(
      `No comparison with the PyTorch of ${python}, which needs torchvision beside it: ${reason}`,
    );
  }
  return found.status === 0;
}

/** Runs PyTorch's step or inference at the same settings in a new process. */
export function measureTorch(
  { python, flags }: TorchVariant,
  { mode, arch, batch, sizePx, steps, threads }: MeasureOptions,
): Measurement {
  const settings = Object.entries({ mode, arch, batch, size: sizePx, steps, threads }).flatMap(
    ([name, value]) => [`--${name}`, String(value)],
  );
  return lastJson(spawnSync(python, [torchScript, ...settings, ...flags], { encoding: 'utf8' }));
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
