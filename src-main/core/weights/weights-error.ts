import { basename } from 'node:path';
import { type UserError, userError } from '../../contract/errors.ts';
import { errnoOf, isDiskFull } from '../../domain/system-errors.ts';

/** Names out of a file may be of any length. */
const MAX_PROBLEM = 400;

/** A file that breaks the rules of its format. Nothing of it is used. */
export function damagedFile(path: string, problem: string, cause?: unknown): UserError {
  return userError('weights-damaged', { file: basename(path), problem: shown(problem) }, { cause });
}

/** A sound file that this app cannot use. */
export function unsupportedWeights(path: string, problem: string, advice: string): UserError {
  return userError('weights-unsupported', { file: basename(path), problem: shown(problem), advice });
}

/** A problem that quotes a file: not endless, and without control characters, which would drive a terminal. */
function shown(problem: string): string {
  const clipped = problem.length > MAX_PROBLEM ? `${problem.slice(0, MAX_PROBLEM)}...` : problem;
  return clipped.replaceAll(/\p{Cc}/gu, '\ufffd');
}

/** The user error behind a failed access to a file; anything else comes back as it is. */
export function translateFileError(error: unknown, path: string): unknown {
  if (isDiskFull(error)) {
    return userError('file-disk-full', { path }, { cause: error });
  }
  const errno = hasNul(error) ? 'ENOENT' : errnoOf(error);
  if (errno === undefined) return error;
  if (['ENOENT', 'ENOTDIR'].includes(errno)) {
    return userError('no-such-file', { path }, { cause: error });
  }
  return userError('file-unusable', { path, errno }, { cause: error });
}

/** Whether Node refused a path because of a NUL byte, which no path has. */
function hasNul(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_ARG_VALUE';
}
