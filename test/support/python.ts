import { spawnSync } from 'node:child_process';

/** Debian's own Python: the packages of apt are its, and not those of another one in PATH. */
const PYTHON = '/usr/bin/python3';

/** Whether a Python module is there; tests that need one are skipped, with the reason in their name. */
export function hasPython(module: string): boolean {
  return spawnSync(PYTHON, ['-c', `import ${module}`]).status === 0;
}

/** Appended to the names of tests that need a module. */
export const pythonReason = (module: string): string =>
  hasPython(module) ? '' : ` (skipped: ${PYTHON} has no module ${module})`;

/**
 * Runs a script; what it prints must be JSON.
 * @throws Error with what it wrote to stderr when it fails
 */
export function runPython(script: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', script, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    env: { ...process.env, QT_QPA_PLATFORM: 'offscreen' },
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
