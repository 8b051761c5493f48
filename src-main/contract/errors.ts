import { z } from 'zod';
import { CollectionId, JobId, SegmentationId } from './ids.ts';

/**
 * The closed set of errors that a person can do something about.
 *
 * Anything that is not one of these is a bug: it crosses a boundary as `INTERNAL`, with the log's path.
 */
export const ErrorCode = z.enum([
  'BAD_INPUT',
  'NOT_FOUND',
  'FOLDER_NOT_FOUND',
  'FOLDER_UNREADABLE',
  'NOT_A_FOLDER',
  'FOLDER_OVERLAPS',
  'ALREADY_EXISTS',
  'WRONG_STATE',
  'IMAGE_UNAVAILABLE',
  'NO_USABLE_IMAGES',
  'TRAINING_DIVERGED',
  'CHECKPOINT_DAMAGED',
  'DEVICE_UNAVAILABLE',
  'DEVICE_FAILED',
  'OUT_OF_MEMORY',
  'DATA_FOLDER_UNUSABLE',
  'DATA_FOLDER_BUSY',
  'DATABASE_TOO_NEW',
  'DATABASE_DAMAGED',
  'DISK_FULL',
  'TARGET_NOT_EMPTY',
  'TARGET_UNUSABLE',
  'FILE_NOT_FOUND',
  'FILE_UNUSABLE',
  'WEIGHTS_DAMAGED',
  'WEIGHTS_UNSUPPORTED',
  'TERMS_NOT_ACCEPTED',
  'DOWNLOAD_FAILED',
  'MODEL_UNAVAILABLE',
  'WORKER_FAILED',
  'WORKER_UNRESPONSIVE',
  'SERVER_UNREACHABLE',
  'PORT_IN_USE',
  'UNSUPPORTED_RUNTIME',
  'INTERNAL',
]);
export type ErrorCode = z.infer<typeof ErrorCode>;

/** What a page offers as a button where the hint of an error names a command. */
export const ErrorAction = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('rescan'), collectionId: CollectionId }),
  z.object({ kind: z.literal('resume-segmentation'), segmentationId: SegmentationId }),
  z.object({ kind: z.literal('pause-job'), jobId: JobId }),
  z.object({ kind: z.literal('show-devices') }),
]);
export type ErrorAction = z.infer<typeof ErrorAction>;

/** How an error looks once it has crossed a process boundary or has been stored with a job. */
export const ErrorInfo = z.object({
  code: ErrorCode,
  message: z.string(),
  /** What to do next, as one sentence; null when there is nothing to advise. */
  hint: z.string().nullable(),
  /** What the hint's command does, for clients that have no command line. */
  action: ErrorAction.optional(),
});
export type ErrorInfo = z.infer<typeof ErrorInfo>;

type ErrorOptions = {
  hint?: string;
  /** For a hint that names a command: what it does. */
  action?: ErrorAction;
  cause?: unknown;
};

/** An error that a person can fix: says what failed, on what, and what to do next. */
export class UserError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly action: ErrorAction | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'UserError';
    this.code = code;
    this.hint = options.hint ?? null;
    this.action = options.action;
  }

  /** The plain form that crosses boundaries. */
  toInfo(): ErrorInfo {
    const { code, message, hint, action } = this;
    return { code, message, hint, ...(action && { action }) };
  }
}

/** Rebuilds the error that another process described. */
export function userErrorFromInfo(info: ErrorInfo): UserError {
  const { code, message, hint, action } = info;
  return new UserError(code, message, { ...(hint !== null && { hint }), ...(action && { action }) });
}

/** The plain form of anything that was thrown: a bug, also one that threw what is no Error, becomes `INTERNAL`. */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  if (thrown instanceof UserError) return thrown.toInfo();
  return { code: 'INTERNAL', message: thrown instanceof Error ? thrown.message : nameOf(thrown), hint: null };
}

/** `String` would call a method that an object need not have. */
function nameOf(thrown: unknown): string {
  return typeof thrown === 'string' ? thrown : Object.prototype.toString.call(thrown);
}
