import { getContext, setContext } from 'svelte';

const KEY = Symbol('offline');

/** Says to all components inside this one whether the service can be reached. */
export function provideOffline(isOffline: () => boolean): void {
  setContext(KEY, isOffline);
}

/** Whether the service cannot be reached, so that nothing can be changed. */
export function offline(): () => boolean {
  return getContext<(() => boolean) | undefined>(KEY) ?? (() => false);
}
