import { z } from 'zod';
import { ErrorCode } from './error-texts/error-code.ts';
import {
  ERROR_TEXTS,
  englishOf,
  filled,
  Phrase,
  type ErrorKey,
  type Values,
  type ValuesOf,
} from './error-texts/error-text.ts';
import { CollectionId, JobId, RunId, SegmentationId } from './ids.ts';

/** What can be done about an error: the page offers it as a button, the command line as a command. */
export const ErrorAction = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('rescan'), collectionId: CollectionId }),
  z.object({ kind: z.literal('locate-folder'), collectionId: CollectionId }),
  z.object({ kind: z.literal('resume-segmentation'), segmentationId: SegmentationId }),
  z.object({ kind: z.literal('pause-job'), jobId: JobId }),
  z.object({ kind: z.literal('resume-run'), runId: RunId, device: z.string() }),
  z.object({ kind: z.literal('extend-run'), runId: RunId, epochs: z.number().int() }),
  z.object({ kind: z.literal('show-devices') }),
  z.object({ kind: z.literal('show-encoders') }),
  z.object({ kind: z.literal('import-model') }),
]);
export type ErrorAction = z.infer<typeof ErrorAction>;

/** How an error looks once it has crossed a process boundary or has been stored with a job. */
export const ErrorInfo = z.object({
  code: ErrorCode,
  /** In English, as in the log. */
  message: z.string(),
  /** What to do next, as one sentence in English; null when there is nothing to advise. */
  hint: z.string().nullable(),
  /** What can be done about it at once. */
  action: ErrorAction.optional(),
  /** What it is in the catalogue of texts, for clients that speak another language; absent in what older versions wrote. */
  text: Phrase.optional(),
});
export type ErrorInfo = z.infer<typeof ErrorInfo>;

type ErrorOptions = {
  hint?: string;
  action?: ErrorAction;
  text?: Phrase;
  cause?: unknown;
};

/**
 * An error that a person can fix: says what failed, on what, and what to do next. Only the hosts write their texts where
 * they throw; whatever a page may show is made by `userError`.
 */
export class UserError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly action: ErrorAction | undefined;
  readonly text: Phrase | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'UserError';
    this.code = code;
    this.hint = options.hint ?? null;
    this.action = options.action;
    this.text = options.text;
  }

  /** The plain form that crosses boundaries. */
  toInfo(): ErrorInfo {
    const { code, message, hint, action, text } = this;
    return { code, message, hint, ...(action && { action }), ...(text && { text }) };
  }

  /** Its message as a part of that of another error. */
  asPhrase(): Phrase | string {
    return this.text ?? this.message;
  }
}

/** Values are not asked for where no text has a name in braces. */
type UserErrorArguments<Key extends ErrorKey> = [keyof ValuesOf<Key>] extends [never]
  ? [values?: ValuesOf<Key>, options?: Pick<ErrorOptions, 'action' | 'cause'>]
  : [values: ValuesOf<Key>, options?: Pick<ErrorOptions, 'action' | 'cause'>];

/** An error of the catalogue. @param values for the names in the braces of its texts */
export function userError<Key extends ErrorKey>(key: Key, ...rest: UserErrorArguments<Key>): UserError {
  const [values, options] = rest;
  return userErrorFromInfo(errorInfo(key, values ?? {}, options?.action), options?.cause);
}

function errorInfo(key: ErrorKey, values: Values, action: ErrorAction | undefined): ErrorInfo {
  const texts: { code: ErrorCode; message: string; hint?: string } = ERROR_TEXTS[key];
  return {
    code: texts.code,
    message: filled(texts.message, values, englishOf),
    hint: texts.hint === undefined ? null : filled(texts.hint, values, englishOf).trim(),
    ...(action && { action }),
    text: { key, values },
  };
}

/** Rebuilds the error that another process described. */
export function userErrorFromInfo(info: ErrorInfo, cause?: unknown): UserError {
  const { code, message, hint, action, text } = info;
  return new UserError(code, message, {
    ...(hint !== null && { hint }),
    ...(action && { action }),
    ...(text && { text }),
    cause,
  });
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
