import type { ContentHash } from './ids.ts';

/**
 * Where the thumbnail of a content hash lies. The worker writes it and the service only reads it, so that
 * a grid of thumbnails costs no round trip to the worker.
 */
export function thumbnailPath(cacheFolder: string, hash: ContentHash): string {
  return `${cacheFolder}/${THUMBNAIL_FOLDER}/${hash.slice(0, 2)}/${hash}${THUMBNAIL_SUFFIX}`;
}

export const THUMBNAIL_FOLDER = 'thumbnails';
/** Objects cut from their images: small pictures as thumbnails are, and bounded by a share of them. */
export const CROP_FOLDER = 'crops';
export const DECODED_FOLDER = 'decoded';
export const THUMBNAIL_SUFFIX = '.webp';
