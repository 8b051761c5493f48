import { LRUCache } from 'lru-cache';
import type { ContentHash } from '../../contract/ids.ts';
import { pictureKey } from '../../domain/picture-key.ts';
import type { FileKey } from '../../domain/scan.ts';
import { DecodedCache } from '../image/decoded-cache.ts';
import { squashed } from '../image/augment/resize-bicubic.ts';
import type { RgbImage } from '../image/decode.ts';
import type { ImageLimits } from '../image/image-limits.ts';
import { NotedReader, type NotedReaderSpec } from '../image/noted-reader.ts';
import { readVerified } from '../image/render.ts';
import { resolveFile } from '../image/walk.ts';
import type { SuperpixelMap } from '../superpixel/slic.ts';
import { superpixelGrids, type ImageSuperpixels } from './batch.ts';
import { SuperpixelCache, type SuperpixelSpec } from './superpixel-cache.ts';

/** Of the two grids of an image, roughly. */
const GRID_BYTES = 80_000;

/** An image that a run trains on. */
export type TrainingImage = FileKey & { contentHash: ContentHash };

export type ImageSourceSpec = {
  rootPath: string;
  superpixels: SuperpixelSpec;
  /** Stride of the map whose superpixels are clustered. */
  clusteredStride: number;
  limits: ImageLimits;
  cache: { folder: string; decodedBytes: number; superpixelBytes: number };
  /** Bound of what is kept in memory between epochs. */
  memoryBytes: number;
  notes: NotedReaderSpec;
};

/** All of an image that does not change from step to step; shared, so read-only. */
export type OpenedImage = {
  pixels: RgbImage;
  /** The whole image squashed to a square, [viewPx, viewPx, 3] uint8. */
  spanning: Uint8Array;
  /** Of the spanning view, as a map and on the grids that a step reads. */
  superpixels: SuperpixelMap;
  grids: ImageSuperpixels;
};

/** Opens training images: from memory, from the caches on disk, or from the original. */
export class ImageSource {
  readonly #spec: ImageSourceSpec;
  readonly #reader: NotedReader;
  readonly #decoded: DecodedCache;
  readonly #superpixels: SuperpixelCache;
  readonly #kept: LRUCache<string, OpenedImage>;

  /** @param reader the one of the process; by default a further one, for a thread */
  constructor(spec: ImageSourceSpec, reader = new NotedReader(spec.notes)) {
    this.#reader = reader;
    const { folder, decodedBytes, superpixelBytes } = spec.cache;
    this.#spec = spec;
    this.#decoded = new DecodedCache({ folder, maxBytes: decodedBytes });
    this.#superpixels = new SuperpixelCache(spec.superpixels, { folder, maxBytes: superpixelBytes });
    this.#kept = new LRUCache({
      maxSize: spec.memoryBytes,
      sizeCalculation: ({ pixels, spanning, superpixels }) =>
        pixels.data.length + spanning.length + superpixels.labels.byteLength + GRID_BYTES,
    });
  }

  /** @throws ImageProblemError when the original can no longer be used; UserError as `DiskCache.write` */
  async open(image: TrainingImage): Promise<OpenedImage> {
    const kept = this.#kept.get(image.contentHash);
    if (kept) return kept;
    const { rootPath, limits, superpixels, clusteredStride } = this.#spec;
    const path = resolveFile(rootPath, image);
    const pixels = await this.#reader.read(path, () =>
      this.#decoded.get(image.contentHash, {
        maxSidePx: superpixels.decodedPx,
        limits,
        load: () => readVerified(path, image.contentHash, { limits }),
      }),
    );
    const spanning = squashed(pixels, superpixels.viewPx);
    const map = await this.#superpixels.get(pictureKey(image.contentHash, limits.brightness), spanning);
    const opened = { pixels, spanning, superpixels: map, grids: superpixelGrids(map, clusteredStride) };
    this.#kept.set(image.contentHash, opened);
    return opened;
  }
}
