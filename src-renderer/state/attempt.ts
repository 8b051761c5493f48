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
  if (error) {
    toasts.show({
      tone: 'danger',
      title: errorTitle(error.code),
      text: errorText(error),
    });
  }
  return error === undefined;
}
