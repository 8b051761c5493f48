import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { removeInstalled } from '../../../../src-main/host/cli/python-install.ts';
import { installTensorFlow } from '../../../../src-main/host/cli/tensorflow.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** Stand-ins for the programs of the machine: they note their arguments and leave what the next one needs. */
const PYTHON = `#!/bin/sh
echo "python3 $*" >>"$CALLS"
case "$*" in
'-m venv venv')
  mkdir -p venv/bin venv/lib/python3.12/site-packages && cp "$0" venv/bin/python ;;
*) [ -z "$PIP_FAILS" ] || { echo "No matching distribution found" >&2; exit 1; } ;;
esac
`;
const NPM = '#!/bin/sh\necho "npm $*" >>"$CALLS"\n';
const GXX = `#!/bin/sh
echo "g++ $*" >>"$CALLS"
for last; do :; done
echo compiled >"$last"
`;

let programs = '';
let calls = '';
beforeEach(() => {
  programs = tempFolder();
  calls = join(tempFolder(), 'calls');
  for (const [name, script] of Object.entries({ python3: PYTHON, npm: NPM, 'g++': GXX }))
    provide(name, script);
  vi.stubEnv('CALLS', calls);
  vi.stubEnv('PATH', `${programs}:/usr/bin:/bin`);
  onTestFinished(() => void vi.unstubAllEnvs());
});

function provide(name: string, script: string): void {
  writeFileSync(join(programs, name), script);
  chmodSync(join(programs, name), 0o755);
}

function install(folder: string, { isGpu = false, signal = new AbortController().signal } = {}) {
  return installTensorFlow({ folder, isGpu, note: () => undefined, signal });
}

const library = 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node';
const isHere = process.platform === 'linux' && process.arch === 'x64';

describe.skipIf(!isHere)('installing TensorFlow', () => {
  test('takes pinned versions, and compiles a library that finds TensorFlow next to itself', async () => {
    const folder = join(tempFolder(), 'data', 'tensorflow');
    await install(folder);
    expect(readFileSync(join(folder, library), 'utf8')).toBe('compiled\n');
    const noted = readFileSync(calls, 'utf8');
    expect(noted).toContain('--no-deps tensorflow-cpu==2.21.0');
    expect(noted).toContain('npm install --ignore-scripts');
    expect(noted).toContain('-Wl,-rpath,$ORIGIN/../../../../../venv/lib/python3.12/site-packages/tensorflow');
    expect(existsSync(`${folder}.partial`)).toBe(false);
  });

  test('with --gpu, brings CUDA', async () => {
    await install(join(tempFolder(), 'tensorflow'), { isGpu: true });
    expect(readFileSync(calls, 'utf8')).toContain(':all: tensorflow[and-cuda]==2.21.0');
  });

  test.each(['python3', 'npm', 'g++'])(
    'says that it needs %s, before it downloads anything',
    async (name) => {
      const folder = join(tempFolder(), 'tensorflow');
      const others = tempFolder();
      for (const one of readdirSync(programs).filter((program) => program !== name)) {
        writeFileSync(join(others, one), '', { mode: 0o755 });
      }
      vi.stubEnv('PATH', others);
      await expect(install(folder)).rejects.toMatchObject({
        code: 'DEVICE_UNAVAILABLE',
        message: `Installing TensorFlow needs ${name}, which was not found.`,
      });
      expect([folder, `${folder}.partial`, calls].some((path) => existsSync(path))).toBe(false);
    },
  );

  test('that fails shows what pip said, and leaves what was installed before', async () => {
    const folder = join(tempFolder(), 'tensorflow');
    mkdirSync(folder);
    writeFileSync(join(folder, 'earlier'), '');
    vi.stubEnv('PIP_FAILS', '1');
    await expect(install(folder)).rejects.toMatchObject({
      message: 'python failed (1): No matching distribution found',
    });
    expect(readdirSync(folder)).toEqual(['earlier']);
    expect(existsSync(`${folder}.partial`)).toBe(false);
  });

  test('stops when it is interrupted, and leaves nothing', async () => {
    const folder = join(tempFolder(), 'tensorflow');
    provide('npm', '#!/bin/sh\nexec sleep 60\n');
    const abort = new AbortController();
    const installed = install(folder, { signal: abort.signal });
    const reason = new Error('interrupted');
    setTimeout(() => abort.abort(reason), 300);
    await expect(installed).rejects.toBe(reason);
    expect(existsSync(folder) || existsSync(`${folder}.partial`)).toBe(false);
  });
});

test('removing TensorFlow says whether there was any', async () => {
  const folder = join(tempFolder(), 'tensorflow');
  mkdirSync(join(folder, 'venv'), { recursive: true });
  expect(await removeInstalled(folder)).toBe(true);
  expect(await removeInstalled(folder)).toBe(false);
});
