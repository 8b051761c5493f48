import { createORPCClient, DynamicLink, type ClientContext, type ClientLink } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import type { Client } from '../../src-main/contract/contract.ts';
import { limitMessages } from '../../src-main/contract/message-limit.ts';
import { RPC_PATH, socketProtocols } from '../../src-main/contract/page-access.ts';
import { reportingLost, unreachable } from '../../src-main/contract/reporting-lost.ts';
import './desktop.ts';
import { PageSessions } from './page-sessions.ts';
import { usePictureKey } from './pictures.ts';

type Link = ClientLink<ClientContext>;

/** The way to the service behind this page: a port on the desktop, a WebSocket in a browser. */
export class ServiceConnection {
  /** Stays the same over all connections. Its calls fail with SERVER_UNREACHABLE while there is none. */
  readonly client: Client = createORPCClient(new DynamicLink<ClientContext>(() => this.#currentLink()));
  readonly #sessions = window.r2oDesktop ? undefined : new PageSessions();
  #link: Link | undefined;

  /**
   * Connects. @returns what resolves when the connection is lost; never on the desktop
   * @throws SessionRefused if the server does not know this page, any other error if there is no server
   */
  async open(): Promise<Promise<void>[]> {
    if (!this.#sessions) {
      this.#link = portLink();
      return [];
    }
    const { token, pictureKey } = await this.#sessions.current();
    const socket = await openSocket(token);
    const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()));
    usePictureKey(pictureKey);
    this.#link = reportingLost(
      new SocketLink({ websocket: limitMessages(socket) }),
      () => socket.readyState !== WebSocket.OPEN,
    );
    return [closed];
  }

  /** Uses the ticket of another address for the next connection. */
  offer(ticket: string): void {
    this.#sessions?.offer(ticket);
  }

  /** Resolves when another way in appears: a ticket, or the session of another tab. */
  async waitForAccess(): Promise<void> {
    await this.#sessions?.changed;
  }

  #currentLink(): Link {
    if (!this.#link) throw unreachable();
    return this.#link;
  }
}

function portLink(): Link {
  const { port1, port2 } = new MessageChannel();
  window.postMessage('r2o:connect', '*', [port2]);
  port1.start();
  return new PortLink({ port: port1 });
}

async function openSocket(token: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${location.host}${RPC_PATH}`, socketProtocols(token));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(unreachable()), { once: true });
  });
  return socket;
}
