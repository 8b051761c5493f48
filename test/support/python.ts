import { spawnSync } from 'node:child_process';

/**
 * Debian's own Python: the packages of apt are its, and not those of another one in PATH. `R2O_TEST_PYTHON` names
 * another, such as that of test/tools/prepare.sh; then a module that it lacks is an error, and no reason to skip.
 */
export const pythonPath = process.env.R2O_TEST_PYTHON ?? '/usr/bin/python3';

/**
 * Why tests that need Python modules cannot run here; undefined where they can.
 * @throws Error instead, where `R2O_TEST_PYTHON` says which Python to use
 */
export function missingPython(...modules: string[]): string | undefined {
  const { status, stderr } = spawnSync(pythonPath, ['-c', `import ${modules.join(', ')}`], {
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  const reason = `${pythonPath} has no ${modules.join(', ')}`;
  if (process.env.R2O_TEST_PYTHON !== undefined) throw new Error(`${reason}: ${stderr}`);
  return reason;
}

/** Whether a Python module is there; tests that need one are skipped, with the reason in their name. */
export const hasPython = (module: string): boolean => missingPython(module) === undefined;

/** Appended to the names of tests that need a module. */
export function pythonReason(module: string): string {
  const reason = missingPython(module);
  return reason === undefined ? '' : ` (skipped: ${reason})`;
}

/**
 * Runs a script with arguments.
 * @returns what it printed
 * @throws Error with what it wrote to stderr when it fails
 */
export function runPython(script: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(pythonPath, ['-c', script, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    env: { ...process.env, QT_QPA_PLATFORM: 'offscreen' },
  });
  if (status !== 0) throw new Error(`python ended with ${status}: ${stderr}`);
  return stdout;
}

/** The same for a script that prints JSON. */
export const readPython = (script: string, ...args: string[]): unknown =>
  JSON.parse(runPython(script, ...args));
