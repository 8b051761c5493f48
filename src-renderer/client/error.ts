import { ORPCError } from '@orpc/client';
import { ErrorCode, ErrorInfo, UserError } from '../../src-main/contract/errors.ts';
import { t, tOr } from '../i18n/language.svelte.ts';

/** An error as it is shown: what kind it is, what failed on what, and what to do next if there is something to do. */
export type ShownError = ErrorInfo;

/** Anything that a call can fail with, as it is shown. */
export function toShownError(error: unknown): ShownError {
  // Made on this side, as while there is no connection.
  if (error instanceof UserError) return error.toInfo();
  if (!(error instanceof ORPCError)) {
    return {
      code: 'INTERNAL',
      message: error instanceof Error ? error.message : String(error),
      hint: null,
    };
  }
  const data: unknown = error.data;
  const sent = ErrorInfo.partial().safeParse(data).data;
  const code = ErrorCode.safeParse(error.code);
  return {
    code: code.success ? code.data : 'INTERNAL',
    message: error.message,
    hint: sent?.hint ?? null,
    ...(sent?.action && { action: sent.action }),
  };
}

/** Why a picture could not be shown: browsers do not report it, so it is requested once more. */
export async function pictureError(address: string): Promise<ShownError> {
  try {
    const response = await fetch(address);
    const sent = response.ok ? undefined : ErrorInfo.safeParse(await response.json()).data;
    return sent ?? { code: 'INTERNAL', message: t('error.pictureUnread'), hint: null };
  } catch (error) {
    return toShownError(error);
  }
}

/**
 * The kind of error in a few words of the chosen language. The message itself comes from the service, in English, as
 * it is in the log. A code without a text is shown as an internal error.
 */
export function errorTitle(code: ErrorCode): string {
  return tOr(`error.code.${code}`, t('error.code.INTERNAL'));
}

/** What failed on what, and what to do next, in one go. */
export function errorText(error: ShownError): string {
  return [error.message, shownHint(error)].filter(Boolean).join(' ');
}

/** The hint, unless it names a command: then a button does what it says. */
export function shownHint({ hint, action }: ShownError): string | null {
  return action ? null : hint;
}
