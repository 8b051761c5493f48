import { connect } from '../client/connect.ts';
import { Studio } from './studio.svelte.ts';

const RETRY_MS = 1_500;

/** Keeps the page connected: the service may be restarted under it. What is shown stays meanwhile. */
export class Connection {
  #studio = $state.raw<Studio>();
  #isLost = $state(false);

  get studio(): Studio | undefined {
    return this.#studio;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  async stay(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { client, closed } = await connect();
        // Listening comes first, so that nothing is missed between reading and listening.
        const events = await client.events.watch(undefined, { signal });
        const studio = await Studio.open(client);
        this.#studio = studio;
        this.#isLost = false;
        await Promise.race([studio.follow(events), closed]);
      } catch {
        // Not reachable, or gone: isLost shows it, and it is retried.
      }
      this.#isLost = true;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
