import { createORPCClient } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import type { Client } from '../../src-main/contract/contract.ts';
import './desktop.ts';

export type Connection = {
  client: Client;
  /** Resolves when the connection is lost; never on the desktop. */
  closed: Promise<void>;
};

/** Connects to the service behind this page: a port on the desktop, a WebSocket in a browser. */
export async function connect(): Promise<Connection> {
  return window.r2oDesktop ? connectPort() : connectSocket();
}

function connectPort(): Connection {
  const { port1, port2 } = new MessageChannel();
  window.postMessage('r2o:connect', '*', [port2]);
  port1.start();
  return { client: createORPCClient(new PortLink({ port: port1 })), closed: new Promise(() => undefined) };
}

async function connectSocket(): Promise<Connection> {
  const websocket = new WebSocket(`ws://${location.host}/rpc`);
  const closed = new Promise<void>((resolve) => {
    websocket.addEventListener('close', () => resolve(), { once: true });
  });
  await new Promise<void>((resolve, reject) => {
    websocket.addEventListener('open', () => resolve(), { once: true });
    websocket.addEventListener('error', () => reject(new Error('R2O Studio cannot be reached.')), {
      once: true,
    });
  });
  return { client: createORPCClient(new SocketLink({ websocket })), closed };
}
