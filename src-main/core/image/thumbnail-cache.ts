import { cachePlace } from '../../domain/data-layout.ts';
import type { ContentHash } from '../../contract/ids.ts';
import { DiskCache } from './disk-cache.ts';
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts';
import { encodeView } from './render.ts';
import { openImageBytes } from './open-image.ts';

/** Longer side of a thumbnail; smaller images keep their size. */
export const THUMBNAIL_SIDE_PX = 320;
/** WebP quality: about 12 KiB for a photo. */
export const THUMBNAIL_QUALITY = 80;

/** Thumbnails (WebP, upright, sRGB) by the content of their originals. */
export class ThumbnailCache {
  readonly #files: DiskCache;

  /** @param options `folder` is the cache folder that all caches share */
  constructor({ folder, maxBytes }: { folder: string; maxBytes: number }) {
    this.#files = new DiskCache({
      ...cachePlace(folder, 'thumbnails'),
      maxBytes,
    });
  }

  /** Where the thumbnail lies, or would lie. */
  path(hash: ContentHash): string {
    return this.#files.path(hash);
  }

  has(hash: ContentHash): Promise<boolean> {
    return this.#files.has(hash);
  }

  /** The thumbnail, or null when it is not (or no longer) in the cache. */
  read(hash: ContentHash): Promise<Buffer | null> {
    return this.#files.read(hash);
  }

  /** @throws UserError as `DiskCache.write` */
  write(hash: ContentHash, webp: Uint8Array): Promise<void> {
    return this.#files.write(hash, webp);
  }

  /**
   * The thumbnail, made now if it is not in the cache.
   * @param load gives the bytes of the original; called only when they are needed
   * @throws ImageProblemError if the original is not a usable image, UserError as `DiskCache.write`
   */
  async ensure(
    hash: ContentHash,
    load: () => Promise<Uint8Array>,
    limits: ImageLimits = DEFAULT_IMAGE_LIMITS,
  ): Promise<Buffer> {
    const present = await this.read(hash);
    if (present !== null && present.length > 0) return present;
    const image = await openImageBytes(await load(), limits);
    const { webp } = await encodeView(image, { maxSidePx: THUMBNAIL_SIDE_PX, quality: THUMBNAIL_QUALITY });
    await this.write(hash, webp);
    return webp;
  }

  /** Waits for work in the background; see `DiskCache.settled`. */
  settled(): Promise<void> {
    return this.#files.settled();
  }
}
