import { ServiceConnection } from '../client/connect.ts';
import { SessionRefused, type RefusalReason } from '../client/page-sessions.ts';
import { useLanguage } from '../i18n/language.svelte.ts';
import { Studio } from './studio.svelte.ts';

const RETRY_MS = 1_500;

/** How the page is connected: it is, it will be, the service has stopped, or it does not know this page. */
export type ConnectionState = 'connecting' | 'open' | 'stopped' | RefusalReason;

/** Keeps the page connected: the service may be restarted under it. What is shown stays meanwhile. */
export class Connection {
  readonly #service = new ServiceConnection();
  #studio = $state.raw<Studio>();
  #state = $state<ConnectionState>('connecting');

  get studio(): Studio | undefined {
    return this.#studio;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Uses the ticket of an address that the service has printed since. */
  offer(ticket: string): void {
    this.#service.offer(ticket);
  }

  async stay(signal: AbortSignal): Promise<void> {
    await useLanguage('system');
    while (!signal.aborted) {
      try {
        await this.#connect(signal);
        this.#state = 'stopped';
      } catch (error) {
        this.#state = error instanceof SessionRefused ? error.why : 'stopped';
      }
      const isRefused = this.#state !== 'stopped';
      const retry = new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS));
      await (isRefused
        ? this.#service.waitForAccess()
        : Promise.race([retry, this.#service.waitForAccess()]));
    }
  }

  /** Resolves when the connection is lost again. */
  async #connect(signal: AbortSignal): Promise<void> {
    const closed = await this.#service.open();
    const { client } = this.#service;
    // Listening comes first, so that nothing is missed between reading and listening.
    const events = await client.events.watch(undefined, { signal });
    const { dataFolder } = await client.system.info();
    const before = this.#studio?.info.dataFolder === dataFolder ? this.#studio : undefined;
    await before?.reload();
    const studio = before ?? (await Studio.open(client));
    this.#studio = studio;
    this.#state = 'open';
    await Promise.race([studio.follow(events), ...closed]);
  }
}
