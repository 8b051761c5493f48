import { untrack } from 'svelte';
import type { Remote, RemoteRequest } from '../../src-main/contract/remote.ts';
import { askForRemotes } from '../client/desktop.ts';
import type { ShownError } from '../client/error.ts';
import { attempt } from './attempt.ts';

/** The other machines of a desktop: what was asked last decides what is shown. */
export class Remotes {
  #list = $state.raw<readonly Remote[]>([]);
  #error = $state.raw<ShownError>();
  /** What is being done, while it is. */
  #busyWith = $state.raw<RemoteRequest>();

  get list(): readonly Remote[] {
    return this.#list;
  }

  get error(): ShownError | undefined {
    return this.#error;
  }

  get busyWith(): RemoteRequest | undefined {
    return this.#busyWith;
  }

  /** @returns whether it was done */
  async ask(request: RemoteRequest): Promise<boolean> {
    if (untrack(() => this.#busyWith)) return false;
    this.#busyWith = request;
    this.#error = await attempt(async () => {
      this.#list = await askForRemotes(request);
    });
    this.#busyWith = undefined;
    return this.#error === undefined;
  }
}
