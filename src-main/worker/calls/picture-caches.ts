import { cachePlace } from '../../domain/data-layout.ts';
import { DiskCache } from '../../core/image/disk-cache.ts';
import { ThumbnailCache } from '../../core/image/thumbnail-cache.ts';
import type { CallOf } from '../protocol/call.ts';

/** Of the bound that thumbnails have. */
const CROP_SHARE = 0.125;
const DRAWN_SHARE = 0.5;

/** Pictures that are made when they are first looked at. */
export type PictureCaches = {
  thumbnails: ThumbnailCache;
  /** Objects cropped from their images. */
  crops: DiskCache;
  /** Thumbnails with their objects. */
  drawn: DiskCache;
};

const opened = new Map<string, PictureCaches>();

/** The caches in a folder, opened once: each counts its whole folder after the first entry that it writes. */
export function pictureCaches({ folder, thumbnailBytes }: CallOf<'render'>['cache']): PictureCaches {
  const key = `${thumbnailBytes} ${folder}`;
  const caches = opened.get(key) ?? openCaches(folder, thumbnailBytes);
  opened.set(key, caches);
  return caches;
}

function openCaches(folder: string, thumbnailBytes: number): PictureCaches {
  return {
    thumbnails: new ThumbnailCache({ folder, maxBytes: thumbnailBytes }),
    crops: new DiskCache({
      ...cachePlace(folder, 'crops'),
      maxBytes: CROP_SHARE * thumbnailBytes,
    }),
    drawn: new DiskCache({
      ...cachePlace(folder, 'drawn'),
      maxBytes: DRAWN_SHARE * thumbnailBytes,
    }),
  };
}
