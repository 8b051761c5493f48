import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { torchVenvPython } from '../../../../src-main/domain/data-layout.ts';
import { probeTorch, torchDevicesAmong } from '../../../../src-main/worker/torch/probe-torch.ts';
import { findTorchPython } from '../../../../src-main/worker/torch/torch-python.ts';
import { noteTorchPython, standInPython } from '../../../support/stand-in-python.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const line = (facts: object) =>
  `echo '${JSON.stringify({ name: null, memoryBytes: null, gflops: null, torch: '2.10.0', problem: null, ...facts })}'`;

describe.skipIf(process.platform === 'win32')('the devices of PyTorch', () => {
  test('are listed with what to do when PyTorch is not installed', async () => {
    const devices = await probeTorch(torchDevicesAmong(undefined), tempFolder());
    expect(devices.map(({ id }) => id)).toEqual(['torch:cuda', 'torch:mps', 'torch:cpu']);
    for (const device of devices) {
      expect(device).toMatchObject({
        isAvailable: false,
        isDefault: false,
        reason: 'PyTorch is not installed',
        fix: expect.stringContaining('r2o devices install torch') as string,
      });
    }
  });

  test('are those that were asked for, as PyTorch reports them', async () => {
    const python = standInPython(
      [
        'echo "$*" | grep -q "^-m r2o_torch.probe cuda mps cpu$" || exit 1',
        line({ id: 'cuda', name: 'A GPU', memoryBytes: 2 ** 34, gflops: 9_000 }),
        line({ id: 'mps', problem: 'computes wrong results: loss is off by 0.3 of its size' }),
        line({ id: 'cpu', gflops: 100 }),
      ].join('\n'),
    );
    const folder = noteTorchPython(tempFolder(), python);
    const [cuda, mps, cpu] = await probeTorch(torchDevicesAmong(undefined), folder);
    expect(cuda).toMatchObject({ name: 'A GPU through PyTorch 2.10.0', gflops: 9_000, memoryBytes: 2 ** 34 });
    expect(mps).toMatchObject({ isAvailable: false, fix: expect.stringContaining('Use another') as string });
    expect(cpu).toMatchObject({ isAvailable: true, isDefault: false, engine: 'torch', reason: null });
    expect(torchDevicesAmong(['torch:cpu', 'onnx:cpu'])).toEqual(['torch:cpu']);
  });

  test('of a Python without PyTorch are missing, in the words of Python', async () => {
    const python = standInPython(`echo "ModuleNotFoundError: No module named 'torch'" >&2; exit 1`);
    const [cpu] = await probeTorch(['torch:cpu'], noteTorchPython(tempFolder(), python));
    expect(cpu).toMatchObject({ isAvailable: false, reason: "ModuleNotFoundError: No module named 'torch'" });
  });

  test('belong to the environment in the data folder before another Python', () => {
    const folder = noteTorchPython(tempFolder(), standInPython(''));
    expect(findTorchPython(folder)).toMatch(/python3$/);
    const own = torchVenvPython(folder);
    mkdirSync(dirname(own), { recursive: true });
    writeFileSync(own, '');
    expect(findTorchPython(folder)).toBe(own);
    expect(findTorchPython(noteTorchPython(tempFolder(), join(folder, 'gone')))).toBeUndefined();
  });
});
