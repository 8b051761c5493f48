import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../../contract/errors.ts';
import { torchPythonFile, torchVenvPython } from '../../domain/data-layout.ts';
import { torchPackageFolder } from '../../domain/torch-package.ts';
import { installWhole, makeVenv, neededProgram, PIP_INSTALL, type Run } from './python-install.ts';

/**
 * PyTorch's own indexes. For Linux, the usual registry has builds with CUDA only, which take 7 GB; for Windows, it has builds for
 * the CPU only.
 */
const CPU_INDEX = 'https://download.pytorch.org/whl/cpu';
const CUDA_INDEX = 'https://download.pytorch.org/whl/cu128';

/** A Python that can make environments. */
const NEEDED = 'Install Python 3.11 to 3.14 with venv (Debian, Ubuntu: apt-get install python3-venv)';

export type TorchInstall = {
  /** Where it is put; replaced as a whole once the new one is complete. */
  folder: string;
  /** With NVIDIA's CUDA libraries. */
  isGpu: boolean;
  /** A Python that has PyTorch already; only its place is noted then. */
  python?: string | undefined;
  /** Takes one line for each step. */
  note: (line: string) => void;
  signal: AbortSignal;
};

/**
 * Installs PyTorch into a Python environment, in the versions of `resources/torch/requirements.txt`, or notes where it is.
 * @throws UserError without Python, if a step fails, or if `python` has no PyTorch
 */
export async function installTorch({ folder, isGpu, python, note, signal }: TorchInstall): Promise<void> {
  await installWhole(folder, signal, async (partial, run) => {
    if (python === undefined) await makeEnvironment(partial, { isGpu, note, run });
    else await noteOther(partial, resolve(python), run);
  });
}

async function makeEnvironment(
  folder: string,
  { isGpu, note, run }: Pick<TorchInstall, 'isGpu' | 'note'> & { run: Run },
): Promise<void> {
  const python = process.platform === 'win32' ? 'python.exe' : 'python3';
  const found = await neededProgram('PyTorch', 'python3', NEEDED, python);
  note('1 of 2: creating a Python environment');
  await makeVenv(found, NEEDED, run);
  const { packages, version } = await requirements();
  const size = isGpu ? 'about 3 GB, 7 GB on disk' : 'about 200 MB';
  note(`2 of 2: downloading PyTorch ${version} with pip (${size})`);
  const index = indexOf(isGpu);
  await run(torchVenvPython(folder), [
    ...PIP_INSTALL,
    ...(index === undefined ? [] : ['--extra-index-url', index]),
    // The local part of the version chooses the build: without it, the newest of both indexes would do.
    ...packages.map((one) => (index === CPU_INDEX && one.startsWith('torch==') ? `${one}+cpu` : one)),
  ]);
}

/** Undefined where the registry that pip is set to has the right build. */
function indexOf(isGpu: boolean): string | undefined {
  if (process.platform === 'linux') return isGpu ? undefined : CPU_INDEX;
  return process.platform === 'win32' && isGpu ? CUDA_INDEX : undefined;
}

/** The pinned packages, and the version of PyTorch among them. */
async function requirements(): Promise<{ packages: string[]; version: string }> {
  const file = join(torchPackageFolder(import.meta.dirname), 'requirements.txt');
  const lines = (await readFile(file, 'utf8')).split(/\r?\n/);
  const packages = lines.filter((line) => /^\w/.test(line));
  return { packages, version: /^torch==(.+)$/m.exec(packages.join('\n'))?.[1] ?? '' };
}

async function noteOther(folder: string, python: string, run: Run): Promise<void> {
  try {
    await run(python, ['-c', 'import torch, numpy, PIL']);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError('DEVICE_UNAVAILABLE', `${python} cannot import PyTorch, NumPy and Pillow.`, {
      hint: `Install them for it (resources/torch/requirements.txt), or choose another Python. It reported: ${error.message}`,
      cause: error,
    });
  }
  await writeFile(torchPythonFile(folder), JSON.stringify({ python }));
}
