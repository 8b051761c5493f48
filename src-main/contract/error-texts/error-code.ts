import { z } from 'zod';

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

/** What errors say: values stand for the names in braces. A hint names no command and no option of one. */
export type ErrorTexts = Record<string, { code: ErrorCode; message: string; hint?: string }>;
