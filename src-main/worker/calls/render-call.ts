import { readVerified, renderView } from '../../core/image/render.ts';
import { resolveFile } from '../../core/image/walk.ts';
import { pictureCaches } from './picture-caches.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';

type Photo = Pick<CallOf<'render'>, 'rootPath' | 'file' | 'contentHash' | 'limits' | 'cache'>;

/** Longer side of an image as it is shown at full size: more than most screens have. */
const VIEW_SIDE_PX = 2_560;

/**
 * An image as upright WebP: from the thumbnail cache, or rendered from the original.
 * @throws UserError IMAGE_UNAVAILABLE when the file is gone, damaged, or no longer what was scanned
 */
export async function renderImage(call: CallOf<'render'>): Promise<ResultOf<'render'>> {
  if (call.variant === 'thumbnail') return { bytes: await thumbnailOf(call) };
  const { limits } = call;
  return { bytes: await renderView(await loadPhoto(call), { maxSidePx: VIEW_SIDE_PX, limits }) };
}

/**
 * The thumbnail of a photo (WebP), made now if it is not in the cache.
 * @throws as `renderImage`
 */
export function thumbnailOf(photo: Photo): Promise<Buffer> {
  const { contentHash, limits, cache } = photo;
  return pictureCaches(cache).thumbnails.ensure(contentHash, () => loadPhoto(photo), limits);
}

function loadPhoto({ rootPath, file, contentHash, limits }: Photo): Promise<Buffer> {
  return readVerified(resolveFile(rootPath, file), contentHash, { limits });
}
