import type { IncomingMessage } from 'node:http';
import { PAIR_PATH, SESSION_PATH, TICKET_PATH } from '../../contract/page-access.ts';

const LOCAL_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);
/** The longest address of ours, a picture with its ticket, has about 200 characters. */
const MAX_TARGET_CHARS = 2_048;
/** Headers that decide who may ask; a second one of the same name could be read by somebody else in another way. */
const SINGLE_HEADERS = [
  'host',
  'origin',
  'authorization',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
];
const POST_PATHS: readonly string[] = [SESSION_PATH, TICKET_PATH, PAIR_PATH];

/** Why a request is turned away. */
export type Refusal = { status: 400 | 401 | 403 | 404 | 405 | 414; reason: string };

export const STRANGER: Refusal = {
  status: 401,
  reason: 'This needs a session: open the address that r2o serve printed, or get a new one with r2o address.',
};

/** The page's files are for everybody: whoever asks for a missing one learns that, and not to get a session. */
export const NOTHING: Refusal = { status: 404, reason: 'There is nothing here.' };

export const UNPAIRED: Refusal = {
  status: 401,
  reason: 'This needs the address that r2o pair printed, which works once and for ten minutes.',
};

/**
 * [Note: Local guard] The server listens on 127.0.0.1 only, yet any page in the user's browser can send
 * requests there. So, before anything else looks at a request: its form must be one that our own page uses; the Host
 * must be a local name (against DNS rebinding; the port is free, so that an SSH tunnel works); a given Origin must be
 * that very host, and a browser that says where a request comes from must say our page or the user (against other
 * pages, also those of other ports). Then whatever is not part of the built page needs a token or a signed address
 * (against other users of the machine); see [Note: Page access] in contract/page-access.ts.
 * @returns why the request is turned away, or undefined when it may pass
 */
export function refuse(request: IncomingMessage): Refusal | undefined {
  return refuseForm(request) ?? refuseSource(request);
}

/** The path of a request that the guard has let through. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}

/** The token in the header of a request, under one of the schemes that we use. */
export function credential(request: IncomingMessage, scheme: string): string | undefined {
  const [given, value, ...rest] = (request.headers.authorization ?? '').split(' ');
  return given === scheme && rest.length === 0 ? value : undefined;
}

function refuseForm(request: IncomingMessage): Refusal | undefined {
  const { url = '', rawHeaders, method } = request;
  if (url.length > MAX_TARGET_CHARS) return { status: 414, reason: 'This address is too long.' };
  // No other form than a path: not `*`, not the address of another server, not `//host`.
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(url))
    return { status: 400, reason: 'This is not an address of this server.' };
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  const repeated = SINGLE_HEADERS.find((name) => names.filter((other) => other === name).length > 1);
  if (repeated !== undefined)
    return { status: 400, reason: `The header ${repeated} is there more than once.` };
  const isAllowed =
    method === 'GET' || method === 'HEAD' || (method === 'POST' && POST_PATHS.includes(pathOf(request)));
  return isAllowed ? undefined : { status: 405, reason: 'Only GET is supported here.' };
}

function refuseSource(request: IncomingMessage): Refusal | undefined {
  const { host, origin } = request.headers;
  if (!host || !LOCAL_NAMES.has(host.replace(/:\d{1,5}$/, ''))) {
    return { status: 403, reason: 'This server only responds to requests for 127.0.0.1 or localhost.' };
  }
  if ((origin !== undefined && origin !== `http://${host}`) || !isFromOwnPage(request)) {
    return { status: 403, reason: 'This server only responds to its own page.' };
  }
  return undefined;
}

/** As the browser says; the page itself may also be opened by a link elsewhere. */
function isFromOwnPage(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return true;
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': target } = request.headers;
  return mode === 'navigate' && target === 'document' && pathOf(request) === '/';
}
