import { protocol } from 'electron';
import { UserError } from '../../contract/errors.ts';
import { cacheControlOf, parseImagePath, readImage, refusalOf } from '../../service/image-files.ts';
import type { Service } from '../../service/service.ts';
import { rendererFolder } from '../shared/paths.ts';
import { PAGE_ORIGIN, pageResponse } from './page-files.ts';

const { host: PAGE_HOST, protocol: PROTOCOL } = new URL(PAGE_ORIGIN);
const SCHEME = PROTOCOL.slice(0, -1);

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
    return image ? imageResponse(service, image) : pageResponse(rendererFolder, url.pathname);
  });
}

async function imageResponse(service: Service, image: Parameters<typeof readImage>[1]): Promise<Response> {
  try {
    const file = await readImage(service, image);
    return new Response(new Uint8Array(file.bytes), {
      headers: { 'Content-Type': file.mimeType, 'Cache-Control': cacheControlOf(file) },
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { status, body, mimeType } = refusalOf(error);
    return new Response(body, { status, headers: { 'Content-Type': mimeType } });
  }
}
