import { execFile } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { z } from 'zod';
import type { Device } from '../../contract/system.ts';
import { TORCH_DEVICES, type TorchDevice } from '../../domain/torch-device.ts';
import { findTorchPython, torchEnvironment } from './torch-python.ts';
import { parsedJson } from '../../domain/parsed-json.ts';

/** Importing PyTorch from a slow disk takes half a minute. */
const TIMEOUT_MS = 5 * 60_000;

const NAMES: Record<TorchDevice, string> = {
  'torch:cuda': 'NVIDIA GPU through PyTorch',
  'torch:mps': 'Apple GPU through PyTorch',
  'torch:cpu': 'CPU through PyTorch',
};

const INSTALL: Record<TorchDevice, string> = {
  'torch:cuda':
    'Install the NVIDIA driver, then PyTorch for it with `r2o devices install torch --gpu`; it only pretrains.',
  'torch:mps': 'On a Mac, install PyTorch with `r2o devices install torch`; it only pretrains.',
  'torch:cpu':
    'Not needed, but available: `r2o devices install torch`, or `--python` with a Python that has PyTorch; it only pretrains.',
};
const INSTALL_AGAIN = 'Install PyTorch again: `r2o devices install torch`.';
const USE_ANOTHER = 'Use another device: this one is not used until it computes what the CPU computes.';

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
  if (python === undefined) return ids.map((id) => missing(id, 'PyTorch is not installed', INSTALL[id]));
  const names = ids.map((id) => id.slice('torch:'.length));
  const { lines, problem } = await runProbe(python, names);
  return ids.map((id, index) => {
    const found = lines.find((line) => line.id === names[index]);
    if (!found) return missing(id, problem, INSTALL_AGAIN);
    return found.problem === null ? available(id, found) : missing(id, found.problem, fixOf(id, found));
  });
}

function fixOf(id: TorchDevice, { problem }: Found): string {
  return problem?.startsWith('computes wrong') === true ? USE_ANOTHER : INSTALL[id];
}

function available(id: TorchDevice, { name, memoryBytes, gflops, torch }: Found): Device {
  const isCpu = id === 'torch:cpu';
  const own = isCpu ? cpus()[0]?.model.trim() : name;
  return {
    ...missing(id, null, null),
    name: `${own ?? NAMES[id]} through PyTorch ${torch}`,
    isAvailable: true,
    memoryBytes: memoryBytes ?? totalmem(),
    gflops,
  };
}

function missing(id: TorchDevice, reason: string | null, fix: string | null): Device {
  return {
    id,
    engine: 'torch',
    name: NAMES[id],
    isSoftware: false,
    isDefault: false,
    isAvailable: false,
    memoryBytes: null,
    gflops: null,
    onCpu: null,
    reason,
    fix,
  };
}

function runProbe(python: string, names: readonly string[]): Promise<{ lines: Found[]; problem: string }> {
  const env = torchEnvironment(availableParallelism());
  const options = { env, timeout: TIMEOUT_MS, windowsHide: true };
  return new Promise((resolve) => {
    execFile(python, ['-m', 'r2o_torch.probe', ...names], options, (error, stdout, stderr) => {
      const lines = stdout.split('\n').flatMap((line) => {
        const parsed = Found.safeParse(parsedJson(line));
        return parsed.success ? [parsed.data] : [];
      });
      const [last] = stderr.trim().split('\n').slice(-1).filter(Boolean);
      resolve({ lines, problem: last ?? error?.message ?? 'PyTorch found no such device' });
    });
  });
}

/** Those of some devices that PyTorch drives; all by default. */
export function torchDevicesAmong(devices: readonly string[] | undefined): TorchDevice[] {
  return TORCH_DEVICES.filter((id) => devices?.includes(id) ?? true);
}
