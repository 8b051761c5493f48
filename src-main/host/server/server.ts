import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { RPCHandler } from '@orpc/server/ws';
import sirv from 'sirv';
import { WebSocketServer } from 'ws';
import { UserError } from '../../contract/errors.ts';
import { readImage, parseImagePath } from '../../service/image-files.ts';
import { createRouter } from '../../service/router.ts';
import type { Service } from '../../service/service.ts';
import { cookieName, isSameSecret, refuse } from './guard.ts';
import { sendImage, sendText, setSecurityHeaders } from './responses.ts';

/** Where the contract is served, as a WebSocket. */
export const RPC_PATH = '/rpc';
/** Requests of the contract are small; the largest carry the run lengths of a mask. Images never travel this way. */
const MAX_MESSAGE_BYTES = 2 ** 20;

export type LocalServer = {
  /** `http://127.0.0.1:PORT` */
  url: string;
  token: string;
  /** What a person opens: the page, with the token in the address. */
  pageUrl: string;
  close: () => Promise<void>;
};

export type ServerOptions = {
  service: Service;
  /** 0 lets the system pick one. */
  port: number;
  /** Folder of the built page. */
  pageFolder: string;
  /** A new one by default; the old one lets open pages come back after a restart. */
  token?: string;
};

/**
 * Serves one service on 127.0.0.1: the page, its images, and the contract over a WebSocket.
 * See [Note: Local guard] in guard.ts for who may ask.
 * @throws UserError PORT_IN_USE
 */
export async function startServer(options: ServerOptions): Promise<LocalServer> {
  const { service, port, pageFolder, token = randomBytes(24).toString('base64url') } = options;
  const page = sirv(pageFolder, { single: false, etag: true });
  const http = createServer((request, response) => {
    void respond(request, response, { service, token, page }).catch((error: unknown) => {
      service.options.logger.error(error, `http ${request.url ?? ''}`);
      if (!response.headersSent) sendText(response, 500, 'Internal error; see the log of R2O Studio.');
      else response.destroy();
    });
  });
  const sockets = acceptSockets(http, service, token);
  await listen(http, port);
  // A listening TCP server has an AddressInfo; a string would be a pipe (Node documentation).
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    url,
    token,
    pageUrl: `${url}/?token=${token}`,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

type Context = { service: Service; token: string; page: ReturnType<typeof sirv> };

async function respond(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  setSecurityHeaders(response, request.headers.host ?? '');
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const given = url.searchParams.get('token');
  if (given !== null && url.pathname === '/' && isSameSecret(given, context.token)) {
    request.headers.authorization = `Bearer ${given}`;
  }
  const refusal = refuse(request, context.token);
  if (refusal) {
    sendText(response, refusal.status, refusal.reason);
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendText(response, 405, 'Only GET is supported here.');
    return;
  }
  if (given !== null && url.pathname === '/') {
    welcome(request, response, context.token);
    return;
  }

  const image = parseImagePath(url.pathname);
  if (image) return sendImage(request, response, () => readImage(context.service, image));
  context.page(request, response, () => sendText(response, 404, 'There is nothing here.'));
}

/** Keeps the token in a cookie and takes it out of the address bar and the history. */
function welcome(request: IncomingMessage, response: ServerResponse, token: string): void {
  const name = cookieName(request.headers.host ?? '');
  response.setHeader('Set-Cookie', `${name}=${token}; HttpOnly; SameSite=Strict; Path=/`);
  response.writeHead(303, { Location: '/' }).end();
}

function acceptSockets(http: Server, service: Service, token: string): WebSocketServer {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  const rpc = new RPCHandler(createRouter(service));
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal =
      request.url === RPC_PATH ? refuse(request, token) : { status: 404, reason: 'No such socket.' };
    if (refusal) {
      socket.end(
        `HTTP/1.1 ${refusal.status} Refused\r\nContent-Length: ${refusal.reason.length}\r\n\r\n${refusal.reason}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      // A client that disconnects in the middle of a message is not the server's fault.
      webSocket.on('error', () => webSocket.terminate());
      void rpc.upgrade(webSocket, { context: {} });
    });
  });
  return sockets;
}

async function listen(http: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new UserError('PORT_IN_USE', `Port ${port} is already in use.`, {
              hint: 'Choose another one with --port, or leave it out to get a free one.',
              cause,
            })
          : cause,
      );
    });
    http.listen(port, '127.0.0.1', resolve);
  });
}
