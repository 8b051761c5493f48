import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { StandardRPCHandler } from '@orpc/server/standard';
import { createServerPeerHandleRequestFn } from '@orpc/server/standard-peer';
import {
  decodeRequestMessage,
  encodeResponseMessage,
  experimental_ServerPeerWithoutCodec as ServerPeer,
} from '@orpc/standard-server-peer';
import { WebSocketServer, type WebSocket } from 'ws';
import { MAX_MESSAGE_BYTES } from '../../contract/message-limit.ts';
import { RPC_PATH, SOCKET_PROTOCOL, tokenOfProtocols } from '../../contract/page-access.ts';
import { createRouter } from '../../service/router.ts';
import type { Service } from '../../service/service.ts';
import type { Access } from './access.ts';
import { credential, refuse, STRANGER, type Refusal } from './guard.ts';
import type { Strangers } from './strangers.ts';

/** What the server closes a WebSocket with that sends something else than messages of the contract (RFC 6455, 7.4.1). */
const INVALID_PAYLOAD = 1007;

export type Sockets = {
  /** Those of other r2o commands; the others are pages. */
  commands: ReadonlySet<WebSocket>;
  /** Closes the pages of a paired machine. */
  closeOf: (machine: string) => void;
  closeAll: () => void;
};

/** Who may come in, and who has not shown yet that they may. */
type Doors = { access: Access; strangers: Strangers };

/** Serves the contract to every WebSocket that the guard lets in. */
export function acceptSockets(http: Server, service: Service, { access, strangers }: Doors): Sockets {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => offered.has(SOCKET_PROTOCOL) && SOCKET_PROTOCOL,
  });
  const rpc = new StandardRPCHandler(createRouter(service), {});
  const handle = createServerPeerHandleRequestFn(rpc, { context: {} });
  const commands = new Set<WebSocket>();
  const machines = new Map<WebSocket, string>();
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // From here on the socket is ours, with its errors: a client may be gone at any time.
    socket.on('error', () => socket.destroy());
    const refusal = refuseSocket(request, access);
    if (refusal) {
      close(socket, refusal);
      return;
    }
    strangers.recognize(socket);
    sockets.handleUpgrade(request, socket, head, (opened) => {
      if (credential(request, 'Bearer') !== undefined) {
        commands.add(opened);
        opened.once('close', () => commands.delete(opened));
      }
      const machine = access.machineOf(tokenOf(request));
      if (machine !== undefined) {
        machines.set(opened, machine);
        opened.once('close', () => machines.delete(opened));
      }
      serve(opened, handle, service);
    });
  });
  return {
    commands,
    closeOf: (machine) => {
      for (const [socket, name] of machines) if (name === machine) socket.terminate();
    },
    closeAll: () => {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

function refuseSocket(request: IncomingMessage, access: Access): Refusal | undefined {
  const refusal = refuse(request);
  if (refusal) return refusal;
  if (request.url !== RPC_PATH) return { status: 404, reason: 'There is no such socket.' };
  return access.isKnown(tokenOf(request)) ? undefined : STRANGER;
}

function tokenOf(request: IncomingMessage): string | undefined {
  return credential(request, 'Bearer') ?? tokenOfProtocols(request.headers['sec-websocket-protocol']);
}

/** Says why, and does not wait for the other side to close. */
function close(socket: Duplex, { status, reason }: Refusal): void {
  const head = `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\n`;
  socket.end(`${head}Content-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`, () => socket.destroy());
}

type Handle = ReturnType<typeof createServerPeerHandleRequestFn>;

function serve(socket: WebSocket, handle: Handle, service: Service): void {
  const peer = new ServerPeer(async ([id, type, payload]) =>
    socket.send(await encodeResponseMessage(id, type, payload)),
  );
  // A frame that is malformed, or a client that is gone, is not the server's fault.
  socket.on('error', () => socket.terminate());
  socket.on('close', () => peer.close());
  socket.on('message', (data, isBinary) => {
    // Without other settings, ws hands over one buffer per message (its documentation of binaryType).
    const bytes = data as Buffer;
    const message = isBinary ? bytes : bytes.toString('utf8');
    void answer(message, { peer, socket, handle }).catch((error: unknown) => {
      if (socket.readyState === socket.OPEN) service.options.logger.error(error, 'socket');
    });
  });
}

async function answer(
  message: string | Buffer,
  { peer, socket, handle }: { peer: ServerPeer; socket: WebSocket; handle: Handle },
): Promise<void> {
  const request = await decodeRequestMessage(message).catch(() => undefined);
  if (request) await peer.message(request, handle);
  else socket.close(INVALID_PAYLOAD, 'This is not a message of the contract.');
}
