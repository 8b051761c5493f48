import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { WebSocket } from 'ws';
import type { Client } from '../../contract/contract.ts';
import { limitMessages } from '../../contract/message-limit.ts';
import { IssuedTicket, pageAddress, RPC_PATH, TICKET_PATH } from '../../contract/page-access.ts';
import { reportingLost } from '../../contract/reporting-lost.ts';
import type { Endpoint } from '../shared/endpoint.ts';

/** Another program may have taken the port of an owner that was killed, and never answer. */
const HANDSHAKE_MS = 3_000;

/** A connection to the process that owns a data folder. */
export type OwnerConnection = {
  /** `http://127.0.0.1:PORT` */
  url: string;
  client: Client;
  /** A new address of its page, which opens it once. */
  newPageUrl: () => Promise<string>;
  close: () => void;
};

/** Connects to an owner; undefined if it does not answer. Its calls throw SERVER_UNREACHABLE once it has ended. */
export async function connectTo({ url, token }: Endpoint): Promise<OwnerConnection | undefined> {
  const headers = { Authorization: `Bearer ${token}` };
  const socket = new WebSocket(`${url.replace('http', 'ws')}${RPC_PATH}`, {
    headers,
    handshakeTimeout: HANDSHAKE_MS,
  });
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('open', () => resolve(true));
    socket.on('error', () => resolve(false));
  });
  if (!isOpen) return undefined;
  // ws implements the browser's WebSocket events; its type declares them in its own words.
  const link = new RPCLink({ websocket: limitMessages(socket as unknown as globalThis.WebSocket) });
  const client: Client = createORPCClient(reportingLost(link, () => socket.readyState !== socket.OPEN));
  return {
    url,
    client,
    newPageUrl: async () => {
      const response = await fetch(url + TICKET_PATH, { method: 'POST', headers });
      return pageAddress(url, IssuedTicket.parse(await response.json()).ticket);
    },
    close: () => socket.close(),
  };
}
