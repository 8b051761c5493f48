import type { ContentHash } from '../contract/ids.ts';

/**
 * Where the thumbnail of a content hash lies. The worker writes it and the service only reads it, so that
 * a grid of thumbnails costs no round trip to the worker.
 */
export function thumbnailPath(cacheFolder: string, hash: ContentHash): string {
  return `${cacheFolder}/${THUMBNAIL_FOLDER}/${hash.slice(0, 2)}/${hash}${THUMBNAIL_SUFFIX}`;
}

/** Where a thumbnail with the masks of its image lies, written and read as the plain ones are. */
export function drawnPath(cacheFolder: string, key: string): string {
  return `${cacheFolder}/${DRAWN_FOLDER}/${key.slice(0, 2)}/${key}${DRAWN_SUFFIX}`;
}

export const THUMBNAIL_FOLDER = 'thumbnails';
/** Objects cut from their images: small pictures as thumbnails are, and bounded by a share of them. */
export const CROP_FOLDER = 'crops';
/** Thumbnails with masks. */
export const DRAWN_FOLDER = 'drawn';
export const DRAWN_SUFFIX = '.webp';
export const DECODED_FOLDER = 'decoded';
export const THUMBNAIL_SUFFIX = '.webp';
