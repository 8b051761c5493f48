import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { removeInstalled } from '../../../../src-main/host/cli/python-install.ts';
import { installTorch } from '../../../../src-main/host/cli/torch.ts';
import { findTorchPython } from '../../../../src-main/worker/torch/torch-python.ts';
import { standInPython } from '../../../support/stand-in-python.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** In the place of Python: notes its arguments, and leaves the environment that it is asked for. */
const PYTHON = `#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in
'-m venv venv')
  mkdir -p venv/bin && cp "$0" venv/bin/python ;;
*) [ -z "$PIP_FAILS" ] || { echo "No matching distribution found" >&2; exit 1; } ;;
esac
`;

let calls = '';
beforeEach(() => {
  const programs = tempFolder();
  calls = join(tempFolder(), 'calls');
  writeFileSync(join(programs, 'python3'), PYTHON);
  chmodSync(join(programs, 'python3'), 0o755);
  vi.stubEnv('CALLS', calls);
  vi.stubEnv('PATH', `${programs}:/usr/bin:/bin`);
  onTestFinished(() => void vi.unstubAllEnvs());
});

function install(folder: string, options: { isGpu?: boolean; python?: string } = {}) {
  const signal = new AbortController().signal;
  return installTorch({ folder, isGpu: false, note: () => undefined, signal, ...options });
}

describe.skipIf(process.platform !== 'linux')('installing PyTorch', () => {
  test('takes the pinned versions into an environment that is found afterwards', async () => {
    const folder = join(tempFolder(), 'data', 'torch');
    await install(folder);
    const noted = readFileSync(calls, 'utf8');
    const pinned = readFileSync('resources/torch/requirements.txt', 'utf8');
    const version = /^torch==(.*)$/m.exec(pinned)?.[1];
    expect(noted).toContain(`--only-binary :all: --extra-index-url`);
    expect(noted).toContain(`torch==${version}+cpu numpy==`);
    expect(noted).toContain('Pillow==');
    expect(findTorchPython(folder)).toBe(join(folder, 'venv/bin/python'));
    expect(existsSync(`${folder}.partial`)).toBe(false);
  });

  test('with --gpu, takes the builds with CUDA from the usual registry', async () => {
    await install(join(tempFolder(), 'torch'), { isGpu: true });
    expect(readFileSync(calls, 'utf8')).toMatch(/:all: torch==[\d.]+ numpy==/);
  });

  test('with --python, notes that Python after it imported PyTorch, and installs nothing', async () => {
    const folder = join(tempFolder(), 'torch');
    const python = standInPython('[ "$*" = "-c import torch, numpy, PIL" ]');
    await install(folder, { python });
    expect(findTorchPython(folder)).toBe(python);
    expect(existsSync(calls)).toBe(false);
    const without = standInPython(`echo "No module named 'torch'" >&2; exit 1`);
    await expect(install(folder, { python: without })).rejects.toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
      message: `${without} cannot import PyTorch, NumPy and Pillow.`,
    });
    expect(findTorchPython(folder)).toBe(python);
  });

  test('without python3 says what it needs', async () => {
    vi.stubEnv('PATH', tempFolder());
    await expect(install(join(tempFolder(), 'torch'))).rejects.toMatchObject({
      message: 'Installing PyTorch needs python3, which was not found.',
    });
  });

  test('that fails shows what pip said, and leaves what was installed before', async () => {
    const folder = join(tempFolder(), 'torch');
    mkdirSync(folder);
    writeFileSync(join(folder, 'earlier'), '');
    vi.stubEnv('PIP_FAILS', '1');
    await expect(install(folder)).rejects.toMatchObject({
      message: 'python failed (1): No matching distribution found',
    });
    expect(readdirSync(folder)).toEqual(['earlier']);
    expect(await removeInstalled(folder)).toBe(true);
    expect(await removeInstalled(folder)).toBe(false);
  });
});
