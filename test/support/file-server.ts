import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** How a server behaves; it can be changed between requests. */
export type Behaviour = {
  bytes: Uint8Array;
  etag: string | undefined;
  lastModified: string | undefined;
  /** Whether parts of the file can be asked for. */
  hasRanges: boolean;
  /** Breaks the connection off after so many bytes of an answer. */
  breakAfter: number | undefined;
  /** Answers this, and nothing of the file. */
  status: { code: number; headers?: Record<string, string> } | undefined;
  /** Does not say how long the answer is. */
  isChunked: boolean;
  /** Sends so many bytes and then nothing, without an end. */
  stopAfter: number | undefined;
};

export type FileServer = Behaviour & {
  /** `http://127.0.0.1:PORT` */
  url: string;
  requests: { path: string; headers: IncomingHttpHeaders }[];
};

/** A server on this machine that offers one file under every path; it ends with the test. */
export async function serveFile(bytes: Uint8Array): Promise<FileServer> {
  const server: FileServer = {
    url: '',
    requests: [],
    bytes,
    etag: '"first"',
    lastModified: undefined,
    hasRanges: true,
    breakAfter: undefined,
    status: undefined,
    isChunked: false,
    stopAfter: undefined,
  };
  const http = createServer((request, response) => {
    server.requests.push({ path: request.url ?? '', headers: request.headers });
    respond(server, request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address of this kind.
  server.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  return server;
}

function respond(server: FileServer, request: IncomingMessage, response: ServerResponse): void {
  const { bytes, etag, lastModified, status } = server;
  if (status) {
    response.writeHead(status.code, status.headers).end('no file');
    return;
  }
  if (etag !== undefined) response.setHeader('ETag', etag);
  if (lastModified !== undefined) response.setHeader('Last-Modified', lastModified);
  const start = startOf(server, request);
  if (start > bytes.length || (start === bytes.length && start > 0)) {
    response.writeHead(416, { 'Content-Range': `bytes */${bytes.length}` }).end();
    return;
  }
  if (start > 0) {
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
  }
  send(server, bytes.subarray(start), response);
}

/** Where the requested part begins: 0 where another file is asked to be continued. */
function startOf({ hasRanges, etag, lastModified }: FileServer, { headers }: IncomingMessage): number {
  const [, start] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
  const isSame = [etag, lastModified].includes(String(headers['if-range']));
  return hasRanges && isSame && start !== undefined ? Number(start) : 0;
}

function send(server: FileServer, part: Uint8Array, response: ServerResponse): void {
  const { isChunked, breakAfter, stopAfter } = server;
  if (!isChunked) response.setHeader('Content-Length', part.length);
  const limit = breakAfter ?? stopAfter;
  if (limit === undefined) {
    // Written before its end, an answer says its length only if it was set.
    response.write(part);
    response.end();
    return;
  }
  response.write(part.subarray(0, limit), () => {
    // What was written has to be read before the connection is broken off, also on a busy machine.
    if (breakAfter !== undefined) setTimeout(() => response.destroy(), 500);
  });
}
