import { readVerified, renderView } from '../core/image/render.ts';
import { ThumbnailCache } from '../core/image/thumbnail-cache.ts';
import { resolveFile } from '../core/image/walk.ts';
import type { CallOf, ResultOf } from './protocol.ts';

/** Longer side of an image as it is shown at full size: more than most screens have. */
const VIEW_SIDE_PX = 2_560;

/**
 * An image as upright WebP: from the thumbnail cache, or rendered from the original.
 * @throws UserError IMAGE_UNAVAILABLE when the file is gone, damaged, or no longer what was scanned
 */
export async function renderImage(call: CallOf<'render'>): Promise<ResultOf<'render'>> {
  const { contentHash, limits, cache } = call;
  const path = resolveFile(call.rootPath, call.file);
  const load = () => readVerified(path, contentHash, { limits });
  if (call.variant === 'thumbnail') {
    const thumbnails = new ThumbnailCache({ folder: cache.folder, maxBytes: cache.thumbnailBytes });
    return { bytes: await thumbnails.ensure(contentHash, load, limits) };
  }
  return { bytes: await renderView(await load(), { maxSidePx: VIEW_SIDE_PX, limits }) };
}
