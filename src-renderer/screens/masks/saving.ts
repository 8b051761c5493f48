/** How far the last change of an image is; undefined where nothing was changed. */
export type Saving = 'saved' | 'saving' | 'waiting';

/** @param state what is known of the steps of one image, and of the connection */
export function savingOf({
  isBusy,
  hasSteps,
  isOffline,
}: {
  isBusy: boolean;
  hasSteps: boolean;
  isOffline: boolean;
}): Saving | undefined {
  if (isBusy) return isOffline ? 'waiting' : 'saving';
  return hasSteps ? 'saved' : undefined;
}
