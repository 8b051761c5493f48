import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../../contract/errors.ts';
import { makePrivateFolder } from '../../store/private-folder.ts';
import { findProgram, runProgram } from './run-program.ts';

/** Runs a program in the folder that is being filled. */
export type Run = (program: string, args: readonly string[]) => Promise<void>;

/** How pip installs into an environment: without questions, and without compiling anything. */
export const PIP_INSTALL = [
  ...['-m', 'pip', 'install', '--no-input', '--quiet', '--no-compile'],
  ...['--only-binary', ':all:'],
];

/**
 * Makes a folder, or replaces it, only once all that belongs in it is complete.
 * @param work fills the folder that becomes it
 */
export async function installWhole(
  folder: string,
  signal: AbortSignal,
  work: (partial: string, run: Run) => Promise<void>,
): Promise<void> {
  const partial = `${folder}.partial`;
  makePrivateFolder(dirname(folder));
  await rm(partial, { recursive: true, force: true });
  try {
    await mkdir(partial);
    await work(partial, (program, args) => runProgram(program, args, { cwd: partial, signal }));
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Removes what was installed. @returns whether there was something */
export async function removeInstalled(folder: string): Promise<boolean> {
  const isThere = existsSync(folder);
  await rm(folder, { recursive: true, force: true });
  return isThere;
}

/**
 * The path of a program that an installation needs.
 * @param what is installed
 * @param name of the program in messages
 * @param advice how to get it, without a full stop
 * @param file what it is called on this system
 * @throws UserError DEVICE_UNAVAILABLE
 */
export async function neededProgram(
  what: string,
  name: string,
  advice: string,
  file = name,
): Promise<string> {
  const found = await findProgram(file);
  if (found !== undefined) return found;
  throw new UserError('DEVICE_UNAVAILABLE', `Installing ${what} needs ${name}, which was not found.`, {
    hint: `${advice}, then try again.`,
  });
}

/** Makes the environment `venv`. @param advice how to get a Python that can @throws UserError DEVICE_UNAVAILABLE */
export async function makeVenv(python: string, advice: string, run: Run): Promise<void> {
  try {
    await run(python, ['-m', 'venv', 'venv']);
  } catch (error) {
    // Debian's Python comes without the part that makes environments.
    if (!(error instanceof UserError) || !error.message.includes('ensurepip')) throw error;
    throw new UserError('DEVICE_UNAVAILABLE', 'This Python cannot create environments.', {
      hint: `${advice}, then try again.`,
      cause: error,
    });
  }
}
