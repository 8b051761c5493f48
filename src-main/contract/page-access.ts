import { z } from 'zod';

/**
 * [Note: Page access] How a page in a browser gets in. The server prints an address that carries a ticket in its
 * fragment, which no browser sends anywhere. The page exchanges the ticket for a session and takes it out of the
 * address; a ticket opens one session only, so the address that stays in the browser's history opens nothing. The
 * session is kept by the tab and goes into a header or a subprotocol, never into a cookie: cookies are sent to every
 * port of a host. Pictures are loaded by elements that cannot send headers, so their addresses carry a signature of
 * that one address with an expiry.
 */

/** Where the contract is served, as a WebSocket. */
export const RPC_PATH = '/rpc';
/** Where a page exchanges its ticket for a session (POST), and asks whether its session is known (GET). */
export const SESSION_PATH = '/session';
/** Where a client that is already in gets another ticket (POST). */
export const TICKET_PATH = '/ticket';
/** The scheme of the header that carries a ticket, or the code of a pairing. */
export const TICKET_SCHEME = 'Ticket';
/** Where another machine exchanges its code for a token (POST); see [Note: Pairing] in pairing.ts. */
export const PAIR_PATH = '/pair';

/** What a page keeps while it is open. */
export const PageSession = z.object({
  token: z.string(),
  /** Signs the addresses of pictures. */
  pictureKey: z.string(),
});
export type PageSession = z.infer<typeof PageSession>;

export const IssuedTicket = z.object({ ticket: z.string() });

/** The subprotocol that the server agrees to; the offered one with the token after it is never sent back. */
export const SOCKET_PROTOCOL = 'r2o';
const TOKEN_PROTOCOL = 'r2o.token.';

/** What a page offers when it opens the socket: browsers let it set no other header. */
export function socketProtocols(token: string): string[] {
  return [SOCKET_PROTOCOL, TOKEN_PROTOCOL + token];
}

/** The token among offered subprotocols, as their header lists them; undefined if there is none. */
export function tokenOfProtocols(header: string | undefined): string | undefined {
  const offered = (header ?? '').split(',').map((one) => one.trim());
  return offered.find((one) => one.startsWith(TOKEN_PROTOCOL))?.slice(TOKEN_PROTOCOL.length);
}

/** What a person opens: the page of a server, with a ticket in the fragment. */
export function pageAddress(origin: string, ticket: string): string {
  return `${origin}/#ticket=${ticket}`;
}

/** The ticket in the fragment of an address, with or without its `#`; undefined if there is none. */
export function ticketOfFragment(fragment: string): string | undefined {
  return /^#?ticket=([\w-]+)$/.exec(fragment)?.[1];
}

/** What a person gives to another machine, so that it pairs itself: the server of this one, with a code in the fragment. */
export function pairingAddress(origin: string, code: string): string {
  return `${origin}/#pair=${code}`;
}

/** The server and the code in an address for pairing; undefined for any other text. */
export function readPairingAddress(text: string): { origin: string; code: string } | undefined {
  const address = URL.parse(text.trim());
  const code = /^#pair=([\w-]+)$/.exec(address?.hash ?? '')?.[1];
  if (!address || code === undefined || !isLocalOrigin(address)) return undefined;
  return { origin: address.origin, code };
}

/** The names that a server of ours answers to, all of this very machine; an SSH tunnel ends there too. */
const LOCAL_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/** Whether an address is that of a server as `r2o serve` starts it. */
export function isLocalOrigin({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && LOCAL_NAMES.includes(hostname);
}

/** The address of a picture is signed for one to two of these, and stays the same within one: browsers cache by address. */
const PICTURE_PERIOD_S = 12 * 3_600;

/** Until when addresses that are signed now open their picture, in seconds since 1970. */
export function pictureExpiryS(nowMs: number): number {
  return (Math.floor(nowMs / 1_000 / PICTURE_PERIOD_S) + 2) * PICTURE_PERIOD_S;
}

/** What is signed with HMAC-SHA-256. @param target path and query of the picture */
export function pictureText(target: string, expiryS: number): string {
  return `${expiryS} ${target}`;
}

/** The address of a picture with its signature, in base64url. */
export function signedTarget(target: string, expiryS: number, signature: string): string {
  return `${target}${target.includes('?') ? '&' : '?'}ticket=${expiryS}.${signature}`;
}

/** What `signedTarget` put together; undefined for a target without a ticket. */
export function readSignedTarget(
  signed: string,
): { target: string; expiryS: number; signature: string } | undefined {
  const [, target = '', expiryS, signature = ''] = /^(.+)[?&]ticket=(\d{1,12})\.([\w-]+)$/.exec(signed) ?? [];
  return expiryS === undefined ? undefined : { target, expiryS: Number(expiryS), signature };
}
