import { crc32 } from 'node:zlib';
import { cachePlace } from '../../domain/data-layout.ts';
import { DiskCache } from '../image/disk-cache.ts';
import { floatsToHalves, halvesToFloats } from '../tensor/halves.ts';
import type { Embedding } from './embed-image.ts';

/** Changes with every change of what an embedding is. */
const FORMAT_VERSION = 4;
const HEADER_WORDS = 8;

/** Embeddings on the disk, so that segmenting again with other settings runs no encoder. */
export class EmbeddingCache {
  readonly #files: DiskCache;

  /** @param options `folder` is the cache folder that all caches share */
  constructor({ folder, maxBytes }: { folder: string; maxBytes: number }) {
    this.#files = new DiskCache({ ...cachePlace(folder, 'embeddings'), maxBytes });
  }

  /** @param key lower-case hexadecimal, the same for equal content, encoder and input size */
  async get(key: string, make: () => Promise<Embedding>): Promise<Embedding> {
    const entry = await this.#files.read(key);
    const cached = entry && parse(entry);
    if (cached) return cached;
    const made = await make();
    await this.#files.write(key, ...pieces(made));
    // As it will be read again: a resumed job then computes with the same numbers as an undisturbed one.
    return { ...made, features: roundedToHalves(made.features), saliency: roundedToHalves(made.saliency) };
  }
}

const roundedToHalves = (values: Float32Array) => halvesToFloats(floatsToHalves(values));

/**
 * Header of 32-bit words (version, width, height, count, dim, columns of the kinds, CRC-32 of all the rest), labels,
 * features and saliency as float16.
 */
function pieces({ map, features, dim, kinds, saliency }: Embedding): Uint8Array[] {
  const facts = Uint32Array.of(
    FORMAT_VERSION,
    map.widthPx,
    map.heightPx,
    map.count,
    dim,
    kinds.from,
    kinds.to,
  );
  const parts = [map.labels, floatsToHalves(features), floatsToHalves(saliency)].map(bytesOf);
  const checksum = [bytesOf(facts), ...parts].reduce((sum, part) => crc32(part, sum), 0);
  return [bytesOf(facts), bytesOf(Uint32Array.of(checksum)), ...parts];
}

/** Null where the entry is damaged or of another version. */
function parse(entry: Buffer): Embedding | null {
  if (entry.length < HEADER_WORDS * 4) return null;
  const word = (at: number) => entry.readUInt32LE(at * 4);
  const [version, widthPx, heightPx, count, dim] = [word(0), word(1), word(2), word(3), word(4)];
  const pixels = widthPx * heightPx;
  const body = entry.subarray(HEADER_WORDS * 4);
  if (version !== FORMAT_VERSION || body.length !== 2 * (pixels + count * dim + count)) return null;
  const facts = entry.subarray(0, (HEADER_WORDS - 1) * 4);
  if (crc32(body, crc32(facts)) !== word(HEADER_WORDS - 1)) return null;
  // Copied, because typed arrays want aligned memory.
  const copy = new Uint8Array(body).buffer;
  const halves = (from: number, length: number) => halvesToFloats(new Uint16Array(copy, 2 * from, length));
  return {
    map: { labels: new Uint16Array(copy, 0, pixels), count, widthPx, heightPx },
    features: halves(pixels, count * dim),
    dim,
    kinds: { from: word(5), to: word(6) },
    saliency: halves(pixels + count * dim, count),
  };
}

function bytesOf(array: Uint16Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
