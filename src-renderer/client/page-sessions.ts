import { z } from 'zod';
import {
  PageSession,
  SESSION_PATH,
  TICKET_SCHEME,
  ticketOfFragment,
} from '../../src-main/contract/page-access.ts';
import { noteServerTime } from './server-clock.ts';

/** Why a page has no session: its address had no ticket, the ticket was used, or the server was started anew. */
export type RefusalReason = 'no-ticket' | 'used' | 'restarted';

/** The server does not know this page; only another ticket helps. */
export class SessionRefused extends Error {
  readonly why: RefusalReason;

  constructor(why: RefusalReason) {
    super(`This page has no session (${why}).`);
    this.name = 'SessionRefused';
    this.why = why;
  }
}

const STORAGE_KEY = 'r2o.session';
/** Seen by pages of this very address only, its port included. */
const CHANNEL = 'r2o.session';
/** How long another tab may take to hand over its session. */
const HANDOVER_MS = 400;
const Message = z.union([z.object({ isWanted: z.literal(true) }), z.object({ session: PageSession })]);

/**
 * The session of this tab: from the ticket of its address, from before a reload, or from another tab of the same
 * address. See [Note: Page access].
 */
export class PageSessions {
  readonly #channel = new BroadcastChannel(CHANNEL);
  #ticket: string | undefined;
  #isTicketUsed = false;
  #change = Promise.withResolvers<undefined>();

  constructor() {
    this.#channel.addEventListener('message', ({ data }) => this.#receive(Message.safeParse(data).data));
    window.addEventListener('hashchange', () => this.#takeTicket());
    this.#takeTicket();
  }

  /** Resolves when there is another ticket or session to try. */
  get changed(): Promise<void> {
    return this.#change.promise;
  }

  /** Uses a ticket from now on. */
  offer(ticket: string): void {
    this.#ticket = ticket;
    this.#changeNow();
  }

  /**
   * The desktop gets another ticket itself where it shows the page of another machine.
   * @throws SessionRefused; TypeError if the server cannot be reached
   */
  async current(): Promise<PageSession> {
    try {
      return await this.#known();
    } catch (error) {
      const ticket = error instanceof SessionRefused ? await window.r2oRemote?.ticket() : undefined;
      if (ticket === undefined) throw error;
      return this.#redeem(ticket);
    }
  }

  async #known(): Promise<PageSession> {
    if (this.#ticket !== undefined) return this.#redeem(this.#ticket);
    const session = this.#stored ?? (this.#isTicketUsed ? undefined : await this.#fromOtherTab());
    if (!session) throw new SessionRefused(this.#isTicketUsed ? 'used' : 'no-ticket');
    const known = await ask({ headers: { Authorization: `Bearer ${session.token}` } });
    if (known.ok) return session;
    sessionStorage.removeItem(STORAGE_KEY);
    throw new SessionRefused('restarted');
  }

  async #redeem(ticket: string): Promise<PageSession> {
    const headers = { Authorization: `${TICKET_SCHEME} ${ticket}` };
    const response = await ask({ method: 'POST', headers });
    this.#ticket = undefined;
    this.#isTicketUsed = !response.ok;
    if (!response.ok) throw new SessionRefused('used');
    const session = PageSession.parse(await response.json());
    this.#keep(session);
    this.#send({ session });
    return session;
  }

  /** Takes the ticket out of the address, and so out of what the browser shows, restores and copies. */
  #takeTicket(): void {
    const ticket = ticketOfFragment(location.hash);
    if (ticket === undefined) return;
    history.replaceState(null, '', location.pathname + location.search);
    this.offer(ticket);
  }

  get #stored(): PageSession | undefined {
    const text = sessionStorage.getItem(STORAGE_KEY);
    return text === null ? undefined : PageSession.safeParse(JSON.parse(text)).data;
  }

  #keep(session: PageSession): void {
    this.#isTicketUsed = false;
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(session));
  }

  async #fromOtherTab(): Promise<PageSession | undefined> {
    this.#send({ isWanted: true });
    await Promise.race([this.changed, new Promise((resolve) => setTimeout(resolve, HANDOVER_MS))]);
    return this.#stored;
  }

  #receive(message: z.infer<typeof Message> | undefined): void {
    if (!message) return;
    const stored = this.#stored;
    if ('isWanted' in message && stored) this.#send({ session: stored });
    if ('session' in message && !stored && !this.#isTicketUsed) {
      this.#keep(message.session);
      this.#changeNow();
    }
  }

  #send(message: z.infer<typeof Message>): void {
    this.#channel.postMessage(message);
  }

  #changeNow(): void {
    this.#change.resolve(undefined);
    this.#change = Promise.withResolvers();
  }
}

async function ask(request: RequestInit): Promise<Response> {
  const response = await fetch(SESSION_PATH, request);
  noteServerTime(response.headers.get('Date'));
  return response;
}
