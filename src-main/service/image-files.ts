import { readFile } from 'node:fs/promises';
import { thumbnailPath } from '../contract/cache-layout.ts';
import { UserError } from '../contract/errors.ts';
import { ImageId } from '../contract/ids.ts';
import { workerCache, workerLimits } from '../jobs/worker-settings.ts';
import type { Service } from './service.ts';

/** `thumbnail`: 320 px, for grids. `view`: the upright image at screen size, whatever its format. */
export type ImageVariant = 'thumbnail' | 'view';
export type ImageRequest = { id: ImageId; variant: ImageVariant };
export type ImageFile = { bytes: Uint8Array; mimeType: 'image/webp'; etag: string };

/** Reads `/images/ID/VARIANT`, the only form in which a picture can be asked for; undefined for all else. */
export function parseImagePath(path: string): ImageRequest | undefined {
  const match = /^\/images\/(\d{1,15})\/(thumbnail|view)$/.exec(path);
  if (!match) return undefined;
  const id = ImageId.safeParse(Number(match[1]));
  // The second group matches exactly the two variants.
  return id.success ? { id: id.data, variant: match[2] as ImageVariant } : undefined;
}

/**
 * The picture behind an image's id, upright, as WebP.
 * @throws UserError NOT_FOUND, or IMAGE_UNAVAILABLE when the file is a problem, is gone or has changed
 */
export async function readImage(service: Service, { id, variant }: ImageRequest): Promise<ImageFile> {
  const found = service.store.images.locate(id);
  if (!found) throw new UserError('NOT_FOUND', `There is no image ${id}.`);
  const { rootPath, relPath, pathBytes, contentHash } = found;
  if (contentHash === null) {
    throw new UserError('IMAGE_UNAVAILABLE', `${relPath} could not be read as an image.`, {
      hint: 'The collection lists the reason under its problems.',
    });
  }
  const etag = `"${contentHash.slice(0, 32)}-${variant}"`;
  const cached =
    variant === 'thumbnail' ? await readIfThere(thumbnailPath(service.layout.cache, contentHash)) : undefined;
  if (cached) return { bytes: cached, mimeType: 'image/webp', etag };
  const settings = service.settings();
  const { bytes } = await service.calls.call({
    kind: 'render',
    variant,
    rootPath,
    file: { relPath, pathBytes },
    contentHash,
    limits: workerLimits(settings),
    cache: workerCache(settings, service.layout.cache),
  });
  return { bytes, mimeType: 'image/webp', etag };
}

/** Undefined when the cache has been emptied or has made room. */
async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
