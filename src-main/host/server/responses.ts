import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../../contract/errors.ts';
import { cacheControlOf, refusalOf, type ImageFile } from '../../service/image-files.ts';

/**
 * Headers of every answer: nothing but this server's own files may run, load or frame.
 * @param host the host that the page connects to; none for an answer without a page
 */
export function setSecurityHeaders(response: ServerResponse, host: string | undefined): void {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    `connect-src 'self'${host === undefined ? '' : ` ws://${host}`}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  response.setHeader('Content-Security-Policy', policy.join('; '));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.setHeader('Cache-Control', 'no-store');
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

/** Sends what must stay with the one who asked: it is not cached anywhere. */
export function sendJson(response: ServerResponse, body: unknown): void {
  response.setHeader('Cache-Control', 'no-store');
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

/** Says yes, without any content. */
export function sendNothing(response: ServerResponse): void {
  response.setHeader('Cache-Control', 'no-store');
  response.writeHead(204).end();
}

/** Sends something as a file to keep, while it is made. A client that leaves ends the making. */
export async function sendDownload(
  request: IncomingMessage,
  response: ServerResponse,
  open: () => Promise<{ name: string; bytes: AsyncIterable<Uint8Array> }>,
): Promise<void> {
  const found = await openOrRefuse(response, open);
  if (!found) return;
  response.setHeader('Cache-Control', 'no-store');
  response.writeHead(200, {
    'Content-Type': 'application/zip',
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(found.name)}`,
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(Readable.from(found.bytes), response).catch(ignoreLeaving);
}

/** The client has gone, which is its right; what is left of the answer is nobody's. */
function ignoreLeaving(error: unknown): void {
  const isGone = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
  if (!isGone) throw error;
}

/** What a request is answered with; undefined where that was refused, which has been said. */
async function openOrRefuse<T>(response: ServerResponse, open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { status, body, mimeType } = refusalOf(error);
    response.writeHead(status, { 'Content-Type': mimeType }).end(body);
    return undefined;
  }
}

/** Sends an image with its content hash as ETag, so that a browser that already has it gets a reply of a few bytes. */
export async function sendImage(
  request: IncomingMessage,
  response: ServerResponse,
  read: () => Promise<ImageFile>,
): Promise<void> {
  const file = await openOrRefuse(response, read);
  if (!file) return;
  response.setHeader('ETag', file.etag);
  response.setHeader('Cache-Control', cacheControlOf(file));
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': file.mimeType, 'Content-Length': file.bytes.byteLength });
  response.end(request.method === 'HEAD' ? undefined : file.bytes);
}
