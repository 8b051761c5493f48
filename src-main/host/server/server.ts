import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import sirv from 'sirv';
import {
  PAIR_PATH,
  pageAddress,
  SESSION_PATH,
  TICKET_PATH,
  TICKET_SCHEME,
} from '../../contract/page-access.ts';
import { UserError } from '../../contract/errors.ts';
import type { ExportId } from '../../contract/ids.ts';
import { errnoOf } from '../../domain/system-errors.ts';
import { exportArchive, parseArchivePath } from '../../service/export-archive.ts';
import { parseImagePath, readImage, type ImageRequest } from '../../service/image-files.ts';
import type { Service } from '../../service/service.ts';
import { Access } from './access.ts';
import { credential, NOTHING, pathOf, refuse, STRANGER, UNPAIRED, type Refusal } from './guard.ts';
import { sendDownload, sendImage, sendJson, sendNothing, sendText, setSecurityHeaders } from './responses.ts';
import { acceptSockets } from './sockets.ts';
import { Strangers } from './strangers.ts';

/** The headers of a request arrive at once from our own page; what trickles in occupies a connection. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How often it is looked for those. */
const CHECK_MS = 2_000;
/** A browser opens six connections at a time, and one socket per tab. */
const MAX_CONNECTIONS = 500;

export type LocalServer = {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** For other processes of the same person. */
  token: string;
  /** A new address of the page, which opens it once. */
  newPageUrl: () => string;
  /** How many connections are open, of whatever kind. */
  connectionCount: () => Promise<number>;
  /** How many other commands are its clients. */
  commandCount: () => number;
  /** Resolves when no other command is its client. */
  whenNoCommands: () => Promise<void>;
  close: () => Promise<void>;
};

export type ServerOptions = {
  service: Service;
  /** 0 lets the system pick one. */
  port: number;
  /** Taken if the other one is in use, or not for this person to take. */
  fallbackPort?: number;
  /** Folder of the built page. */
  pageFolder: string;
  /** Called when a page was opened with its ticket, so that the next one needs another address. */
  onOpened?: () => void;
};

/**
 * Serves one service on 127.0.0.1: the page, its images, and the contract over a WebSocket.
 * See [Note: Local guard] in guard.ts for who may ask.
 * @throws UserError PORT_IN_USE
 */
export async function startServer(options: ServerOptions): Promise<LocalServer> {
  const { service, port, fallbackPort, pageFolder } = options;
  const access = new Access();
  const strangers = new Strangers();
  const context = { ...options, access, strangers, page: sirv(pageFolder, { single: false, etag: true }) };
  const http = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_MS,
  });
  http.maxConnections = MAX_CONNECTIONS;
  http.on('connection', (connection: Socket) => strangers.add(connection));
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void respond(request, response, context).catch((error: unknown) => {
      service.options.logger.error(error, `http ${pathOf(request)}`);
      if (!response.headersSent) sendText(response, 500, 'Internal error; see the log of R2O Studio.');
      else response.destroy();
    });
  });
  const sockets = acceptSockets(http, service, { access, strangers });
  service.pairing.onEnd((machine) => {
    access.forget(machine);
    sockets.closeOf(machine);
  });
  await listen(http, port).catch((error: unknown) => {
    if (fallbackPort === undefined) throw error;
    return listen(http, fallbackPort);
  });
  // A listening TCP server has an AddressInfo; a string would be a pipe (Node documentation).
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    url,
    token: access.token,
    newPageUrl: () => pageAddress(url, access.issueTicket()),
    connectionCount: promisify(http.getConnections.bind(http)),
    commandCount: () => sockets.commands.size,
    whenNoCommands: async () => {
      while (sockets.commands.size > 0)
        await Promise.all(Array.from(sockets.commands, (one) => once(one, 'close')));
    },
    close: async () => {
      sockets.closeAll();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

type Context = ServerOptions & { access: Access; strangers: Strangers; page: ReturnType<typeof sirv> };

async function respond(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const refusal = refuse(request);
  setSecurityHeaders(response, refusal ? undefined : request.headers.host);
  if (refusal) {
    turnAway(response, refusal);
    return;
  }
  const path = pathOf(request);
  if (path === PAIR_PATH) {
    pair(request, response, context);
    return;
  }
  if (path === SESSION_PATH || path === TICKET_PATH) {
    answerAccess(request, response, context);
    return;
  }
  const exportId = parseArchivePath(path);
  if (exportId !== undefined) return respondWithArchive(request, response, { ...context, exportId });
  const image = parseImagePath(path);
  if (image) return respondWithImage(request, response, { ...context, image });
  // The page's files are small and the same for everybody: parts of them are not worth the ways to ask wrongly.
  delete request.headers.range;
  // sirv does not close the file of a client that is gone before its answer has ended.
  response.once('pipe', (file: Readable) => response.once('close', () => file.destroy()));
  context.page(request, response, () => {
    if (mayAsk(request, context)) sendText(response, NOTHING.status, NOTHING.reason);
    else turnAway(response, NOTHING);
  });
}

/** Exchanges a ticket for a session, says whether a session is known, and issues another ticket to one. */
function answerAccess(request: IncomingMessage, response: ServerResponse, context: Context): void {
  const { access, strangers, service, onOpened } = context;
  const isPost = request.method === 'POST';
  if (pathOf(request) === SESSION_PATH && isPost) {
    const session = access.redeem(credential(request, TICKET_SCHEME) ?? '');
    if (!session) {
      turnAway(response, STRANGER);
      return;
    }
    strangers.recognize(request.socket);
    sendJson(response, session);
    onOpened?.();
    return;
  }
  const isTicketWanted = pathOf(request) === TICKET_PATH && isPost;
  const machine = isTicketWanted ? service.pairing.recognize(credential(request, 'Bearer') ?? '') : undefined;
  if (machine !== undefined) {
    strangers.recognize(request.socket);
    sendJson(response, { ticket: access.issueTicket(machine) });
  } else if (!mayAsk(request, context)) turnAway(response, STRANGER);
  else if (isTicketWanted) sendJson(response, { ticket: access.issueTicket() });
  else sendNothing(response);
}

/** Exchanges the code of a pairing for the token of the machine. */
function pair(request: IncomingMessage, response: ServerResponse, { service, strangers }: Context): void {
  const token =
    request.method === 'POST' ? service.pairing.redeem(credential(request, TICKET_SCHEME) ?? '') : undefined;
  if (token === undefined) {
    turnAway(response, UNPAIRED);
    return;
  }
  strangers.recognize(request.socket);
  sendJson(response, { token });
}

async function respondWithImage(
  request: IncomingMessage,
  response: ServerResponse,
  { image, ...context }: Context & { image: ImageRequest },
): Promise<void> {
  if (isSigned(request, context) || mayAsk(request, context))
    await sendImage(request, response, () => readImage(context.service, image));
  else turnAway(response, STRANGER);
}

/** An export is loaded by a link, which cannot send headers either: its address is signed as a picture's is. */
async function respondWithArchive(
  request: IncomingMessage,
  response: ServerResponse,
  { exportId, ...context }: Context & { exportId: ExportId },
): Promise<void> {
  if (isSigned(request, context) || mayAsk(request, context))
    await sendDownload(request, response, () => exportArchive(context.service, exportId));
  else turnAway(response, STRANGER);
}

function isSigned(request: IncomingMessage, { access, strangers }: Context): boolean {
  const isSigned = access.signedPicture(request.url ?? '', Date.now()) !== undefined;
  if (isSigned) strangers.recognize(request.socket);
  return isSigned;
}

function mayAsk(
  request: IncomingMessage,
  { access, strangers }: Pick<Context, 'access' | 'strangers'>,
): boolean {
  const isKnown = access.isKnown(credential(request, 'Bearer'));
  if (isKnown) strangers.recognize(request.socket);
  return isKnown;
}

/** Whoever is turned away does not keep the connection, nor is a body of theirs read. */
function turnAway(response: ServerResponse, { status, reason }: Refusal): void {
  response.setHeader('Connection', 'close');
  sendText(response, status, reason);
}

const PORT_PROBLEMS: Partial<Record<string, string>> = {
  EADDRINUSE: 'is already in use',
  EACCES: 'is reserved for administrators',
};

async function listen(http: Server, port: number): Promise<void> {
  const listening = once(http, 'listening');
  http.listen(port, '127.0.0.1');
  try {
    await listening;
  } catch (cause) {
    const problem = PORT_PROBLEMS[errnoOf(cause) ?? ''];
    if (!problem) throw cause;
    throw new UserError('PORT_IN_USE', `Port ${port} ${problem}.`, {
      hint: 'Choose another one with --port, or leave it out to get a free one.',
      cause,
    });
  }
}
