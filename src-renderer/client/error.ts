import { ORPCError } from '@orpc/client';
import { ErrorCode } from '../../src-main/contract/error-texts/error-code.ts';
import { ErrorInfo, UserError } from '../../src-main/contract/errors.ts';
import { t, tError } from '../i18n/language.svelte.ts';

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
    ...(sent?.text && { text: sent.text }),
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

/** The kind of error in a few words of the chosen language. */
export function errorTitle(code: ErrorCode): string {
  return t(`error.code.${code}`);
}

/** What failed on what, in the chosen language; in English where the catalogue of this version does not have the error. */
export function errorMessage({ text, message }: ShownError): string {
  return (text && tError(text, 'message')) ?? message;
}

/** What to do next, in the chosen language. */
export function errorHint({ text, hint }: ShownError): string | null {
  if (hint === null) return null;
  return (text && tError(text, 'hint')) ?? hint;
}

/** What failed on what, and what to do next, in one go. */
export function errorText(error: ShownError): string {
  return [errorMessage(error), errorHint(error)].filter(Boolean).join(' ');
}
