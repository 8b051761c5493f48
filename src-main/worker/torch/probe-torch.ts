import { execFile } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { z } from 'zod';
import { phrase, type Phrase, type Told, type Value } from '../../contract/error-texts/error-text.ts';
import type { Device } from '../../contract/system.ts';
import { TORCH_DEVICES, type TorchDevice } from '../../domain/torch-device.ts';
import { findTorchPython, torchEnvironment } from './torch-python.ts';
import { deviceTexts } from '../calls/device-texts.ts';
import { parsedJson } from '../../domain/parsed-json.ts';

/** Importing PyTorch from a slow disk takes half a minute. */
const TIMEOUT_MS = 5 * 60_000;

const NAMES: Record<TorchDevice, Value> = {
  'torch:cuda': phrase('nvidia-gpu'),
  'torch:mps': phrase('apple-gpu'),
  'torch:cpu': 'CPU',
};

const INSTALL: Record<TorchDevice, Phrase> = {
  'torch:cuda': phrase('fix-torch-cuda'),
  'torch:mps': phrase('fix-torch-mps'),
  'torch:cpu': phrase('fix-torch-cpu'),
};

/** What resources/torch/r2o_torch/probe.py says, as data. */
const PROBLEMS: Record<string, Phrase> = {
  'PyTorch finds no CUDA device here': phrase('torch-no-cuda'),
  'PyTorch finds no Metal device here': phrase('torch-no-metal'),
};
const WRONG = /^computes wrong results: (?<part>.+) is off by (?<share>\S+) of its size$/;

/** A line of `python -m r2o_torch.probe`. */
const Found = z.object({
  id: z.string(),
  name: z.string().nullable(),
  memoryBytes: z.number().nullable(),
  gflops: z.number().nullable(),
  torch: z.string(),
  problem: z.string().nullable(),
});
type Found = z.infer<typeof Found>;

/**
 * Has PyTorch compare its devices with float64 on the CPU, and measure their speed.
 * @param torchFolder `torch` of the data folder
 * @returns one report per device of `ids`
 */
export async function probeTorch(ids: readonly TorchDevice[], torchFolder: string): Promise<Device[]> {
  if (ids.length === 0) return [];
  const python = findTorchPython(torchFolder);
  if (python === undefined) return ids.map((id) => missing(id, phrase('no-pytorch'), INSTALL[id]));
  const names = ids.map((id) => id.slice('torch:'.length));
  const { lines, problem } = await runProbe(python, names);
  return ids.map((id, index) => {
    const found = lines.find((line) => line.id === names[index]);
    if (!found) return missing(id, problem, phrase('fix-torch-again'));
    return found.problem === null ? available(id, found) : unusable(id, found.problem);
  });
}

function unusable(id: TorchDevice, problem: string): Device {
  const { part, share } = WRONG.exec(problem)?.groups ?? {};
  if (part !== undefined && share !== undefined)
    return missing(id, phrase('wrong-part', { part, share }), phrase('device-wrong'));
  return missing(id, PROBLEMS[problem] ?? problem, INSTALL[id]);
}

function available(id: TorchDevice, { name, memoryBytes, gflops, torch }: Found): Device {
  const isCpu = id === 'torch:cpu';
  const own = isCpu ? cpus()[0]?.model.trim() : name;
  const texts = { name: phrase('through', { device: own ?? NAMES[id], engine: `PyTorch ${torch}` }) };
  return {
    ...missing(id, null, null),
    ...deviceTexts({ ...texts, reason: null, fix: null }),
    isAvailable: true,
    memoryBytes: memoryBytes ?? totalmem(),
    gflops,
  };
}

function missing(id: TorchDevice, reason: Told | null, fix: Phrase | null): Device {
  return {
    id,
    engine: 'torch',
    isSoftware: false,
    isDefault: false,
    isAvailable: false,
    memoryBytes: null,
    gflops: null,
    onCpu: null,
    ...deviceTexts({ name: phrase('through', { device: NAMES[id], engine: 'PyTorch' }), reason, fix }),
  };
}

function runProbe(python: string, names: readonly string[]): Promise<{ lines: Found[]; problem: Told }> {
  const env = torchEnvironment(availableParallelism());
  const options = { env, timeout: TIMEOUT_MS, windowsHide: true };
  return new Promise((resolve) => {
    execFile(python, ['-m', 'r2o_torch.probe', ...names], options, (error, stdout, stderr) => {
      const lines = stdout.split('\n').flatMap((line) => {
        const parsed = Found.safeParse(parsedJson(line));
        return parsed.success ? [parsed.data] : [];
      });
      const [last] = stderr.trim().split('\n').slice(-1).filter(Boolean);
      resolve({ lines, problem: last ?? error?.message ?? phrase('torch-no-device') });
    });
  });
}

/** Those of some devices that PyTorch drives; all by default. */
export function torchDevicesAmong(devices: readonly string[] | undefined): TorchDevice[] {
  return TORCH_DEVICES.filter((id) => devices?.includes(id) ?? true);
}
