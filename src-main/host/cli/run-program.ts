import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { UserError } from '../../contract/errors.ts';

/** Of a program's output, as much as says why it failed. */
const KEPT_CHARACTERS = 1_000;

/** The path of a program that the shell would find; undefined where there is none. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder: on to the next.
    }
  }
  return undefined;
}

/**
 * Runs a program to its end, and shows nothing of what it prints.
 * @throws UserError with the end of its output when it fails; the signal's reason when it was aborted
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, signal }: { cwd: string; signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  let output = '';
  const code = await new Promise<number | string>((resolve) => {
    const child = spawn(program, args, { cwd, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream
        .setEncoding('utf8')
        .on('data', (text: string) => (output = (output + text).slice(-KEPT_CHARACTERS)));
    }
    child.once('error', (error) => resolve(error.message));
    child.once('close', (exitCode, endSignal) => resolve(exitCode ?? String(endSignal)));
  });
  signal.throwIfAborted();
  if (code === 0) return;
  throw new UserError('DEVICE_UNAVAILABLE', `${basename(program)} failed (${code}): ${output.trim()}`, {
    hint: 'Nothing was changed. Correct what it reports, then try again.',
  });
}
