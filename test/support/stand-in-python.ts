import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { torchPythonFile } from '../../src-main/domain/data-layout.ts';
import { tempFolder } from './temp-folder.ts';

/**
 * A program in the place of Python, for what a real one does too rarely to wait for.
 * @param script of a shell
 */
export function standInPython(script: string): string {
  const file = join(tempFolder(), 'python3');
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

/** Makes a folder as `r2o devices install torch --python` leaves it. @returns the folder */
export function noteTorchPython(folder: string, python: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(torchPythonFile(folder), JSON.stringify({ python }));
  return folder;
}
