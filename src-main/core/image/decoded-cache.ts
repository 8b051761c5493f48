import { crc32 } from 'node:zlib';
import { cachePlace } from '../../domain/data-layout.ts';
import { pictureKey } from '../../domain/picture-key.ts';
import type { ContentHash } from '../../contract/ids.ts';
import { decodeImage, type RgbImage } from './decode.ts';
import { DiskCache } from './disk-cache.ts';
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts';

/** Changes with every change of what `decodeImage` gives, so that older entries are not taken for it. */
const FORMAT_VERSION = 1;

/** Eight bytes of magic, then version, width, height and CRC-32 of the pixels as little-endian 32-bit words. */
const HEADER_BYTES = 24;
const MAGIC = 'R2ORGB8\n';

export type DecodedRequest = {
  /** Bound of the longer side; entries of different bounds are kept apart. */
  maxSidePx: number;
  /** Gives the bytes of the original; called only when there is no entry. */
  load: () => Promise<Uint8Array>;
  limits?: ImageLimits;
};

/**
 * Decoded pixels by the content of their originals: what is decoded in the first epoch is read in the others.
 */
export class DecodedCache {
  readonly #files: DiskCache;
  /** Requests under way, so that two askers of one image decode it once. */
  readonly #inFlight = new Map<string, Promise<RgbImage>>();

  /** @param options `folder` is the cache folder that all caches share */
  constructor({ folder, maxBytes }: { folder: string; maxBytes: number }) {
    this.#files = new DiskCache({ ...cachePlace(folder, 'decoded'), maxBytes });
  }

  /**
   * The image as `decodeImage` gives it. Askers of the same image at the same time share one buffer: treat it as
   * read-only. A damaged entry is recreated.
   * @throws ImageProblemError if the original is not a usable image, UserError as `DiskCache.write`
   */
  get(hash: ContentHash, request: DecodedRequest): Promise<RgbImage> {
    const key = `${pictureKey(hash, request.limits?.brightness)}-${request.maxSidePx}`;
    const inFlight = this.#inFlight.get(key);
    if (inFlight !== undefined) return inFlight;
    const image = this.#readOrMake(key, request).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, image);
    return image;
  }

  /** Waits for work in the background; see `DiskCache.settled`. */
  settled(): Promise<void> {
    return this.#files.settled();
  }

  async #readOrMake(key: string, { maxSidePx, load, limits }: DecodedRequest): Promise<RgbImage> {
    const entry = await this.#files.read(key);
    const cached = entry === null ? null : parseEntry(entry);
    if (cached !== null) return cached;
    const image = await decodeImage(await load(), { maxSidePx, limits: limits ?? DEFAULT_IMAGE_LIMITS });
    await this.#files.write(key, headerOf(image), image.data);
    return image;
  }
}

function headerOf({ data, widthPx, heightPx }: RgbImage): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  [FORMAT_VERSION, widthPx, heightPx, crc32(data)].forEach((word, index) =>
    header.writeUInt32LE(word, MAGIC.length + index * 4),
  );
  return header;
}

/** The image of an entry, or null where the entry is damaged or from another version. */
function parseEntry(entry: Buffer): RgbImage | null {
  if (entry.length < HEADER_BYTES || entry.toString('latin1', 0, MAGIC.length) !== MAGIC) return null;
  const word = (index: number) => entry.readUInt32LE(MAGIC.length + index * 4);
  const [version, widthPx, heightPx, checksum] = [word(0), word(1), word(2), word(3)];
  const data = entry.subarray(HEADER_BYTES);
  const isWhole = version === FORMAT_VERSION && data.length === widthPx * heightPx * 3;
  return isWhole && crc32(data) === checksum ? { data, widthPx, heightPx } : null;
}
