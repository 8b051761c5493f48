import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { torchPythonFile, torchVenvPython } from '../../domain/data-layout.ts';
import { torchPackageFolder } from '../../domain/torch-package.ts';

const PythonFile = z.object({ python: z.string() });

/**
 * The Python that has PyTorch: of the environment that `r2o devices install torch` has made, or the one that it was given.
 * @param torchFolder `torch` of the data folder
 * @returns undefined if neither is there
 */
export function findTorchPython(torchFolder: string): string | undefined {
  const own = torchVenvPython(torchFolder);
  if (existsSync(own)) return own;
  try {
    const { python } = PythonFile.parse(JSON.parse(readFileSync(torchPythonFile(torchFolder), 'utf8')));
    return existsSync(python) ? python : undefined;
  } catch {
    return undefined;
  }
}

/** The environment of such a process: it finds the package, and writes nothing next to it. */
export function torchEnvironment(threads: number): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PYTHONPATH: torchPackageFolder(import.meta.dirname),
    PYTHONDONTWRITEBYTECODE: '1',
    OMP_NUM_THREADS: String(threads),
  };
}
