import { basename } from 'node:path';
import { UserError } from '../../contract/errors.ts';
import { errnoOf, isDiskFull } from '../../domain/system-errors.ts';

/** Names out of a file may be of any length. */
const MAX_PROBLEM = 400;

/** A file that breaks the rules of its format. Nothing of it is used. */
export function damagedFile(path: string, problem: string, cause?: unknown): UserError {
  return new UserError('WEIGHTS_DAMAGED', `${basename(path)}: ${shown(problem)}.`, {
    hint: 'Download or export the file again; if you know its checksum, compare it.',
    cause,
  });
}

/** A sound file that this app cannot use. */
export function unsupportedWeights(path: string, problem: string, hint: string): UserError {
  return new UserError('WEIGHTS_UNSUPPORTED', `${basename(path)}: ${shown(problem)}.`, { hint });
}

/** A problem that quotes a file: not endless, and without control characters, which would drive a terminal. */
function shown(problem: string): string {
  const clipped = problem.length > MAX_PROBLEM ? `${problem.slice(0, MAX_PROBLEM)}...` : problem;
  return clipped.replaceAll(/\p{Cc}/gu, '\ufffd');
}

/** The user error behind a failed access to a file; anything else comes back as it is. */
export function translateFileError(error: unknown, path: string): unknown {
  if (isDiskFull(error)) {
    return new UserError('DISK_FULL', `The disk is full: ${path} could not be written.`, {
      hint: 'Free some space, then try again.',
      cause: error,
    });
  }
  const errno = hasNul(error) ? 'ENOENT' : errnoOf(error);
  if (errno === undefined) return error;
  if (['ENOENT', 'ENOTDIR'].includes(errno)) {
    return new UserError('FILE_NOT_FOUND', `There is no file or folder ${path}.`, {
      hint: 'Check the path; if it is on a removable or network drive, connect it first.',
      cause: error,
    });
  }
  return new UserError('FILE_UNUSABLE', `${path} cannot be read or written (${errno}).`, {
    hint: 'Check your permissions there, and the drive or its connection, or choose another file or folder.',
    cause: error,
  });
}

/** Whether Node refused a path because of a NUL byte, which no path has. */
function hasNul(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_ARG_VALUE';
}
