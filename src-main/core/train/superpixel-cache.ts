import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { cachePlace } from '../../domain/data-layout.ts';
import { normalisedValues } from '../image/augment/normalise.ts';
import { DiskCache } from '../image/disk-cache.ts';
import { slic, type SuperpixelMap } from '../superpixel/slic.ts';
import { fnv1a32 } from '../tensor/random.ts';

/** What determines the superpixels of an image, apart from its pixels. */
export type SuperpixelSpec = {
  /** Side of the spanning view. */
  viewPx: number;
  segments: number;
  compactness: number;
  /** `normalised`: SLIC reads the normalised tensor, as the paper's code does (SPEC Q3). */
  colours: 'plain' | 'normalised';
  /** Bound of the decoded image that the view is made from. */
  decodedPx: number;
};

/** Changes with every change of what SLIC gives, or of how an entry holds it. */
const FORMAT_VERSION = 2;
/** Version, count and CRC-32 of the count and the labels, as little-endian 32-bit words. */
const HEADER_BYTES = 12;

/** Superpixels of spanning views on disk: SLIC costs as much as a dozen views, and never changes. */
export class SuperpixelCache {
  readonly #files: DiskCache;
  readonly #spec: SuperpixelSpec;
  readonly #suffix: string;

  /** @param options `folder` is the cache folder that all caches share */
  constructor(spec: SuperpixelSpec, { folder, maxBytes }: { folder: string; maxBytes: number }) {
    this.#files = new DiskCache({ ...cachePlace(folder, 'superpixels'), maxBytes });
    this.#spec = spec;
    this.#suffix = fnv1a32(JSON.stringify({ FORMAT_VERSION, ...spec })).toString(16);
  }

  /**
   * The superpixels of an image's spanning view, from disk or found anew.
   * @param picture key of the image, see `pictureKey`
   * @param spanning [viewPx, viewPx, 3] uint8
   * @throws UserError as `DiskCache.write`
   */
  async get(picture: string, spanning: Uint8Array): Promise<SuperpixelMap> {
    const key = `${picture}-${this.#suffix}`;
    const entry = await this.#files.read(key);
    const cached = entry === null ? undefined : parseEntry(entry, this.#spec.viewPx);
    if (cached) return cached;
    const map = findSuperpixels(spanning, this.#spec);
    await this.#files.write(key, ...entryOf(map));
    return map;
  }
}

/**
 * SLIC on the spanning view of an image (SPEC section 1, step 6).
 * @param spanning [viewPx, viewPx, 3] uint8
 */
export function findSuperpixels(spanning: Uint8Array, spec: SuperpixelSpec): SuperpixelMap {
  const { viewPx, segments, compactness, colours } = spec;
  return slic(
    { data: spanning, widthPx: viewPx, heightPx: viewPx },
    { segments, compactness, ...(colours === 'normalised' ? { channelValues: normalisedValues() } : {}) },
  );
}

function entryOf({ labels, count }: SuperpixelMap): Uint8Array[] {
  const bytes = new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(FORMAT_VERSION, 0);
  header.writeUInt32LE(count, 4);
  header.writeUInt32LE(checksumOf(header, bytes), 8);
  // The fastest level: neighbours are alike, and it leaves a twentieth.
  return [header, deflateRawSync(bytes, { level: 1 })];
}

/** @param header the start of an entry, from which the count is read */
function checksumOf(header: Buffer, labels: Uint8Array): number {
  return crc32(labels, crc32(header.subarray(4, 8)));
}

/** Undefined where the entry is damaged or from another version. */
function parseEntry(entry: Buffer, viewPx: number): SuperpixelMap | undefined {
  if (entry.length < HEADER_BYTES || entry.readUInt32LE(0) !== FORMAT_VERSION) return undefined;
  const sizeBytes = viewPx * viewPx * Uint16Array.BYTES_PER_ELEMENT;
  const bytes = inflated(entry.subarray(HEADER_BYTES), sizeBytes);
  if (bytes?.length !== sizeBytes || checksumOf(entry, bytes) !== entry.readUInt32LE(8)) return undefined;
  const labels = new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + sizeBytes));
  return { labels, count: entry.readUInt32LE(4), widthPx: viewPx, heightPx: viewPx };
}

function inflated(bytes: Uint8Array, maxOutputLength: number): Buffer | undefined {
  try {
    return inflateRawSync(bytes, { maxOutputLength });
  } catch {
    // A damaged entry, which is recreated.
    return undefined;
  }
}
