import { UserError } from '../../contract/errors.ts';
import type { ImageProblem, ProblemCode } from '../../contract/image.ts';
import { errnoOf } from '../../domain/system-errors.ts';

/**
 * A file that cannot be used as an image, with the reason as it is shown to a person.
 *
 * It is a `UserError`, so that whoever wants pixels and not a report can let it fly.
 */
export class ImageProblemError extends UserError {
  readonly problem: ImageProblem;

  constructor(code: ProblemCode, detail: string, options: { cause?: unknown } = {}) {
    super('IMAGE_UNAVAILABLE', detail, options);
    this.name = 'ImageProblemError';
    this.problem = { code, detail };
  }
}

const PROBLEM_OF_ERRNO: Record<string, ImageProblem> = {
  ...sameProblem(['EACCES', 'EPERM'], {
    code: 'permission-denied',
    detail: 'You do not have permission to read this file: change its permissions, then rescan.',
  }),
  ...sameProblem(['ENOENT', 'ENOTDIR', 'ESTALE'], {
    code: 'vanished',
    detail: 'The file disappeared after the folder was listed: rescan to update the list.',
  }),
  ...sameProblem(['ELOOP'], {
    code: 'link-loop',
    detail: 'This link points to itself, so there is no file behind it: remove the link.',
  }),
  ...sameProblem(['EISDIR'], {
    code: 'not-an-image',
    detail: 'This is a folder, not a file: rescan to list its contents.',
  }),
  ...sameProblem(['EIO', 'EREMOTEIO', 'ENXIO', 'ENODEV', 'EBADMSG', 'EUCLEAN'], {
    code: 'unreadable',
    detail:
      'The disk reported an error while reading this file: check the disk, restore the file, then rescan.',
  }),
  ...sameProblem(['EBUSY', 'EAGAIN', 'ETXTBSY'], {
    code: 'unreadable',
    detail: 'Another program is using this file: close that program, then rescan.',
  }),
  ...sameProblem(['EMFILE', 'ENFILE', 'ENOMEM'], {
    code: 'unreadable',
    detail: 'The system ran out of open files or memory: close other programs, then rescan.',
  }),
  ...sameProblem(['ETIMEDOUT', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET', 'ENOTCONN'], {
    code: 'unreadable',
    detail: 'The network drive or cloud folder did not respond: check the connection, then rescan.',
  }),
  ...sameProblem(['ENAMETOOLONG'], {
    code: 'unreadable',
    detail: 'The path of this file is too long for the system: move the file to a shorter path, then rescan.',
  }),
};

/** The problem that an operating system error means for a file; every errno has an answer. */
export function problemOfErrno(errno: string): ImageProblem {
  return (
    PROBLEM_OF_ERRNO[errno] ?? {
      code: 'unreadable',
      detail: `The system could not read this file (${errno}): check its disk or drive, then rescan.`,
    }
  );
}

/** Turns an operating system error into an `ImageProblemError`; every other error is returned as it is. */
export function asImageProblem(error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || error instanceof UserError) return error;
  const { code, detail } = problemOfErrno(errno);
  return new ImageProblemError(code, detail, { cause: error });
}

function sameProblem(errnos: string[], problem: ImageProblem): Record<string, ImageProblem> {
  return Object.fromEntries(errnos.map((errno) => [errno, problem]));
}
