import { cachePlace } from '../../domain/data-layout.ts';
import { pictureKey } from '../../domain/picture-key.ts';
import type { ContentHash } from '../../contract/ids.ts';
import { DiskCache } from './disk-cache.ts';
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts';
import { asOpaqueSrgb } from './decode.ts';
import { meanLightness } from './lightness.ts';
import { openImageBytes, type OpenImage } from './open-image.ts';
import { WEBP_EFFORT } from './render.ts';
import { sharp } from './sharp-setup.ts';

/** Longer side of a thumbnail; smaller images keep their size. */
const THUMBNAIL_SIDE_PX = 320;
/** WebP quality: about 12 KiB for a photo. */
const THUMBNAIL_QUALITY = 80;

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

  /** Where the thumbnail of a key lies, or would lie; see `pictureKey`. */
  path(key: string): string {
    return this.#files.path(key);
  }

  has(key: string): Promise<boolean> {
    return this.#files.has(key);
  }

  /** The thumbnail, or null when it is not (or no longer) in the cache. */
  read(key: string): Promise<Buffer | null> {
    return this.#files.read(key);
  }

  /** @throws UserError as `DiskCache.write` */
  write(key: string, webp: Uint8Array): Promise<void> {
    return this.#files.write(key, webp);
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
    const key = pictureKey(hash, limits.brightness);
    const present = await this.read(key);
    if (present !== null && present.length > 0) return present;
    const image = await openImageBytes(await load(), limits);
    const { webp } = await makeThumbnail(image);
    await this.write(key, webp);
    return webp;
  }

  /** Waits for work in the background; see `DiskCache.settled`. */
  settled(): Promise<void> {
    return this.#files.settled();
  }
}

/**
 * The thumbnail of an image that is open, and what is measured on its pixels.
 * @returns `brightness` as in `ImageFacts`; `note` as `OpenImage.decode` gives it
 * @throws ImageProblemError as `OpenImage.decode`
 */
export async function makeThumbnail(
  image: OpenImage,
): Promise<{ webp: Buffer; brightness: number; note: string | null }> {
  const { result, note } = await image.decode(async (pixels) => {
    const { data, info } = await asOpaqueSrgb(pixels, THUMBNAIL_SIDE_PX)
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    if (channels !== 3) throw new Error(`sharp gave ${channels} channels where sRGB was asked for`);
    const webp = await sharp(data, { raw: { width, height, channels } })
      .webp({ quality: THUMBNAIL_QUALITY, effort: WEBP_EFFORT })
      .toBuffer();
    return { webp, brightness: meanLightness(data) };
  });
  return { ...result, note };
}
