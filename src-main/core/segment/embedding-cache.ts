import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DiskCache } from '../image/disk-cache.ts';
import type { Embedding } from './embed-image.ts';

/** Changes with every change of what an embedding is. */
const FORMAT_VERSION = 3;
const HEADER_WORDS = 6;

/** Embeddings on the disk, so that segmenting again with other settings runs no encoder. */
export class EmbeddingCache {
  readonly #files: DiskCache;

  /** @param options `folder` is the cache folder that all caches share */
  constructor({ folder, maxBytes }: { folder: string; maxBytes: number }) {
    this.#files = new DiskCache({ folder: join(folder, 'embeddings'), suffix: '.emb', maxBytes });
  }

  /** @param key lower-case hexadecimal, the same for equal content, encoder and input size */
  async get(key: string, make: () => Promise<Embedding>): Promise<Embedding> {
    const entry = await this.#files.read(key);
    const cached = entry && parse(entry);
    if (cached) return cached;
    const made = await make();
    await this.#files.write(key, ...pieces(made));
    // As it will be read again: a resumed job then computes with the same numbers as an undisturbed one.
    return { ...made, features: Float32Array.from(Float16Array.from(made.features)) };
  }
}

/** Header of 32-bit words (version, width, height, count, dim, CRC-32), labels, features as float16. */
function pieces({ map, features, dim }: Embedding): Uint8Array[] {
  const labels = bytesOf(map.labels);
  const halves = bytesOf(Float16Array.from(features));
  const header = Uint32Array.of(
    FORMAT_VERSION,
    map.widthPx,
    map.heightPx,
    map.count,
    dim,
    crc32(halves, crc32(labels)),
  );
  return [bytesOf(header), labels, halves];
}

/** Null where the entry is damaged or of another version. */
function parse(entry: Buffer): Embedding | null {
  if (entry.length < HEADER_WORDS * 4) return null;
  const word = (at: number) => entry.readUInt32LE(at * 4);
  const [version, widthPx, heightPx, count, dim, checksum] = [
    word(0),
    word(1),
    word(2),
    word(3),
    word(4),
    word(5),
  ];
  const labelBytes = widthPx * heightPx * 2;
  const body = entry.subarray(HEADER_WORDS * 4);
  if (version !== FORMAT_VERSION || body.length !== labelBytes + count * dim * 2) return null;
  if (crc32(body) !== checksum) return null;
  // Copied, because typed arrays want aligned memory.
  const copy = new Uint8Array(body).buffer;
  const labels = new Uint16Array(copy, 0, widthPx * heightPx);
  const features = Float32Array.from(new Float16Array(copy, labelBytes, count * dim));
  return { map: { labels, count, widthPx, heightPx }, features, dim };
}

function bytesOf(array: Uint16Array | Uint32Array | Float16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
