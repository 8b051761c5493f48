import { ORPCError } from '@orpc/client';
import { ErrorCode } from '../../src-main/contract/errors.ts';
import { t, tOr } from '../i18n/language.svelte.ts';

/** An error as it is shown: what kind it is, what failed on what, and what to do next where that is known. */
export type ShownError = { code: ErrorCode; message: string; hint: string | null };

/** Anything that a call can fail with, as it is shown. */
export function toShownError(error: unknown): ShownError {
  if (!(error instanceof ORPCError)) {
    return {
      code: 'INTERNAL',
      message: error instanceof Error ? error.message : String(error),
      hint: null,
    };
  }
  const data: unknown = error.data;
  const hasHint =
    typeof data === 'object' && data !== null && 'hint' in data && typeof data.hint === 'string';
  const code = ErrorCode.safeParse(error.code);
  return {
    code: code.success ? code.data : 'INTERNAL',
    message: error.message,
    hint: hasHint ? String(data.hint) : null,
  };
}

/**
 * The kind of error in a few words of the chosen language. The message itself comes from the service, in English, as
 * it stands in the log. A code that has no words yet is told as an internal error.
 */
export function errorTitle(code: ErrorCode): string {
  return tOr(`error.code.${code}`, t('error.code.INTERNAL'));
}

/** What failed on what, and what to do next, in one go. */
export function errorText({ message, hint }: ShownError): string {
  return [message, hint].filter(Boolean).join(' ');
}
