import { pathToFileURL } from 'node:url';
import { isAbsolute, join, relative } from 'node:path';
import { net, protocol } from 'electron';
import { UserError } from '../../contract/errors.ts';
import { parseImagePath, readImage } from '../../service/image-files.ts';
import type { Service } from '../../service/service.ts';
import { rendererFolder } from '../shared/paths.ts';

const SCHEME = 'r2o';
const PAGE_HOST = 'app';
/** Origin of everything that the window shows. */
export const PAGE_ORIGIN = `${SCHEME}://${PAGE_HOST}`;
export const PAGE_URL = `${PAGE_ORIGIN}/index.html`;

const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Must run before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ]);
}

/** Serves the page, and images by their ids, as `r2o://app/...`. No path of the disk is ever asked for. */
export function serveScheme(service: Service): void {
  protocol.handle(SCHEME, async (request) => {
    const url = new URL(request.url);
    if (url.host !== PAGE_HOST) return new Response(null, { status: 404 });
    const image = parseImagePath(url.pathname);
    return image ? imageResponse(service, image) : pageResponse(url.pathname);
  });
}

async function imageResponse(service: Service, image: Parameters<typeof readImage>[1]): Promise<Response> {
  try {
    const { bytes, mimeType } = await readImage(service, image);
    return new Response(new Uint8Array(bytes), {
      headers: { 'Content-Type': mimeType, 'Cache-Control': 'no-cache' },
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return new Response(error.message, { status: error.code === 'NOT_FOUND' ? 404 : 409 });
  }
}

async function pageResponse(path: string): Promise<Response> {
  const file = join(rendererFolder, decodeURIComponent(path));
  const inside = relative(rendererFolder, file);
  if (inside.startsWith('..') || isAbsolute(inside)) return new Response(null, { status: 404 });
  const response = await net.fetch(pathToFileURL(file).href);
  const headers = new Headers(response.headers);
  headers.set('Content-Security-Policy', CONTENT_POLICY);
  headers.set('X-Content-Type-Options', 'nosniff');
  return new Response(response.body, { status: response.status, headers });
}
