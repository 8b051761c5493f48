import { t } from '../i18n/language.svelte.ts';
import { errorText, errorTitle, toShownError, type ShownError } from '../client/error.ts';
import type { Toasts } from './toasts.svelte.ts';

/**
 * The boundary at which a failed call becomes a message on the page.
 * @returns the error that the call failed with, or undefined
 */
export async function attempt(work: () => Promise<unknown>): Promise<ShownError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return toShownError(error);
  }
}

/** As `attempt`, for calls that no part of the screen waits for: a failure is shown in a toast. */
export async function attemptLoudly(toasts: Toasts, work: () => Promise<unknown>): Promise<boolean> {
  const error = await attempt(work);
  if (error) showError(toasts, error);
  return error === undefined;
}

/** Shows in a toast why a call failed. */
export function showError(toasts: Toasts, error: ShownError): void {
  const { action } = error;
  toasts.show({
    tone: 'danger',
    title: errorTitle(error.code),
    text: errorText(error),
    // The bar above the screens says so until the connection is back.
    isToldElsewhere: error.code === 'SERVER_UNREACHABLE',
    ...(action && {
      action: { label: t(`error.action.${action.kind}`), run: () => void toasts.runErrorAction?.(action) },
    }),
  });
}
