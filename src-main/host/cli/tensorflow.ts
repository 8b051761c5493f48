import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../contract/errors.ts';
import { installWhole, makeVenv, neededProgram, PIP_INSTALL } from './python-install.ts';
import { makeFolder } from '../../domain/make-folder.ts';

/** What is installed, to the version: what was compiled and compared is what everybody gets. */
const TENSORFLOW = '2.21.0';
const NODE_PACKAGES = { '@tensorflow/tfjs-node-gpu': '4.22.0', 'node-api-headers': '1.9.0' } as const;

export type InstallOptions = {
  /** Where it is put; replaced as a whole once the new one is complete. */
  folder: string;
  /** With NVIDIA's CUDA libraries. */
  isGpu: boolean;
  /** Takes one line for each step. */
  note: (line: string) => void;
  signal: AbortSignal;
};

/**
 * Installs TensorFlow for TensorFlow.js, from the registries that pip and npm are set to: Google's own binary of the
 * binding is for TensorFlow 2.9 and CUDA 11, so it is compiled against a TensorFlow of today.
 * @throws UserError where the system is another one, a program is missing, or a step fails
 */
export async function installTensorFlow({ folder, isGpu, note, signal }: InstallOptions): Promise<void> {
  refuseOtherSystems();
  const programs = await findPrograms();
  await installWhole(folder, signal, async (partial, run) => {
    note('1 of 4: creating a Python environment');
    await makeVenv(programs.python3, NEEDED.python3, run);
    const [name, size] = isGpu ? ['tensorflow[and-cuda]', '3 GB'] : ['tensorflow-cpu', '260 MB'];
    note(`2 of 4: downloading ${name} ${TENSORFLOW} with pip (about ${size})`);
    // Without CUDA, its library needs nothing of what Python programs need.
    const needs = isGpu ? [] : ['--no-deps'];
    await run(join(partial, 'venv/bin/python'), [...PIP_INSTALL, ...needs, `${name}==${TENSORFLOW}`]);
    note(
      `3 of 4: downloading @tensorflow/tfjs-node-gpu ${NODE_PACKAGES['@tensorflow/tfjs-node-gpu']} with npm`,
    );
    await writeFile(
      join(partial, 'package.json'),
      JSON.stringify({ private: true, dependencies: NODE_PACKAGES }),
    );
    await run(programs.npm, ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']);
    note('4 of 4: compiling the binding with g++');
    await compile(partial, (args) => run(programs['g++'], args));
  });
}

function refuseOtherSystems(): void {
  const system = `${process.platform}-${process.arch}`;
  if (system === 'linux-x64') return;
  throw new UserError(
    'DEVICE_UNAVAILABLE',
    `TensorFlow can be installed on Linux x64 only; this is ${system}.`,
    {
      hint: 'Use another device: r2o devices lists them.',
    },
  );
}

const NEEDED = {
  python3: 'Install Python 3.10 or newer with venv (Debian, Ubuntu: apt-get install python3-venv)',
  npm: 'Install Node with npm',
  'g++': 'Install a C++ compiler (Debian, Ubuntu: apt-get install g++)',
} as const;

/** All are looked for before anything is downloaded. */
async function findPrograms(): Promise<Record<keyof typeof NEEDED, string>> {
  const needed = (name: keyof typeof NEEDED) => neededProgram('TensorFlow', name, NEEDED[name]);
  const [python3, npm, gxx] = await Promise.all([needed('python3'), needed('npm'), needed('g++')]);
  return { python3, npm, 'g++': gxx };
}

/** Where the package looks for its native library. */
const LIBRARY_FOLDER = 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8';

async function compile(folder: string, gxx: (args: readonly string[]) => Promise<void>): Promise<void> {
  const binding = 'node_modules/@tensorflow/tfjs-node-gpu';
  const packages = join('venv/lib', await pythonFolder(folder), 'site-packages');
  const tensorflow = join(packages, 'tensorflow');
  await makeFolder(join(folder, LIBRARY_FOLDER));
  // Relative to the library, so that the data folder can be moved.
  const up = '../'.repeat(LIBRARY_FOLDER.split('/').length);
  const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((name) => `-l:${name}`);
  await gxx([
    ...['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
    ...['node_modules/node-api-headers/include', join(tensorflow, 'include'), binding].flatMap((one) => [
      '-I',
      one,
    ]),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(binding, 'binding', file)),
    ...['-L', tensorflow, ...libraries, `-Wl,-rpath,$ORIGIN/${up}${tensorflow}`],
    ...['-o', join(LIBRARY_FOLDER, 'tfjs_binding.node')],
  ]);
}

/** Such as `python3.11`. */
async function pythonFolder(folder: string): Promise<string> {
  const [name] = (await readdir(join(folder, 'venv/lib'))).filter((one) => one.startsWith('python3'));
  if (name === undefined) throw new Error('the Python environment has no folder of packages');
  return name;
}
