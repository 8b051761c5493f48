import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const LOCAL_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Why a request is turned away, or undefined when it may pass. */
export type Refusal = { status: 401 | 403; reason: string };

/**
 * [Note: Local guard] The server listens on 127.0.0.1 only, yet any page in the user's browser can send
 * requests there. So: the Host must be a local name (against DNS rebinding; the port is free, so that an SSH
 * tunnel works), a given Origin must be that very host (against other pages), and the token of this launch
 * must be there, as a cookie or as a bearer token (against other users of the machine).
 */
export function refuse(request: IncomingMessage, token: string): Refusal | undefined {
  const { host, origin } = request.headers;
  if (!host || !LOCAL_NAMES.has(host.replace(/:\d+$/, ''))) {
    return { status: 403, reason: 'This server only responds to requests for 127.0.0.1 or localhost.' };
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    return { status: 403, reason: 'This server only responds to its own page.' };
  }
  const given = bearerOf(request) ?? cookieOf(request, cookieName(host));
  if (given === undefined || !isSameSecret(given, token)) {
    return { status: 401, reason: 'Open the address that r2o serve printed: it contains the access token.' };
  }
  return undefined;
}

/** Cookies are shared by all ports of a host, so the name carries the port. */
export function cookieName(host: string): string {
  return `r2o-token-${/:(\d+)$/.exec(host)?.[1] ?? '80'}`;
}

export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([key]) => key === name)?.[1];
}
