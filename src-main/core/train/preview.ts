import type { PretrainConfig } from '../../contract/pretrain.ts';
import { normalisedValues, normalisePixels } from '../image/augment/normalise.ts';
import { renderView } from '../image/augment/render-views.ts';
import { drawViewPlans } from '../image/augment/view-plan.ts';
import { NO_REGION } from '../superpixel/region-map.ts';
import type { SuperpixelMap } from '../superpixel/slic.ts';
import { drawsFor } from '../tensor/random.ts';
import { clusterSuperpixels } from './assign-regions.ts';
import { ARCHITECTURES } from '../model/architectures.ts';
import { backboneOf } from '../model/backbone.ts';
import { superpixelGrids, type ImageSuperpixels } from './batch.ts';
import { adjustedRandIndex } from './health.ts';
import type { OpenedImage } from './image-source.ts';
import { matchRegions } from './match-regions.ts';
import type { Trainer } from './trainer.ts';

/** Regions of the preview images at one step. */
export type Preview = {
  regionCount: number;
  /** For each preview image: region of each pixel of its spanning view, [viewPx, viewPx] uint8. */
  maps: readonly Uint8Array[];
  /**
   * How far the regions stay the same when the images are mirrored and recoloured: 1 for the same regions, 0 for
   * unrelated ones. It needs no labels, and rises as features begin to separate objects rather than colours.
   */
  stability: number;
};

/** What makes features of images, and the products by which they are clustered. */
type Embedder = Pick<Trainer, 'embed' | 'productsOf'>;

/** Regions of a preview at most; a picture with more cannot be read. */
const MAX_REGIONS = 32;

/** An image as the network sees it, with its superpixels. */
export type PreviewImage = {
  /** [viewPx, viewPx, 3] float32, normalised. */
  pixels: Float32Array;
  /** Superpixel of each pixel. */
  labels: Uint16Array;
  grids: ImageSuperpixels;
};

/** The fixed handful of images whose regions are followed over a run. */
export class Previewer {
  readonly #config: PretrainConfig;
  readonly #originals: readonly PreviewImage[];
  readonly #changed: readonly PreviewImage[];
  /** The maps before, by which regions keep their numbers. */
  #previous: readonly Uint8Array[];

  /** @param previous maps of the preview before, when a run is resumed */
  constructor(images: readonly OpenedImage[], config: PretrainConfig, previous: readonly Uint8Array[] = []) {
    this.#config = config;
    this.#originals = images.map((image) => originalOf(image, config));
    this.#changed = images.map((image, index) => mirroredImage(image, index, config));
    this.#previous = previous;
  }

  /** Kept with checkpoints, so that a resumed run numbers its regions alike. */
  get previous(): readonly Uint8Array[] {
    return this.#previous;
  }

  /**
   * Clusters the target network's features of all preview images together, as a training step does, but with running
   * statistics, so that the training is not disturbed.
   * @param regionCount K of the step
   * @throws DeviceError
   */
  async take(trainer: Embedder, step: number, regionCount: number): Promise<Preview> {
    const all = [...this.#originals, ...this.#changed];
    const grids = all.map((image) => image.grids);
    const features = await trainer.embed(concatenated(all.map((image) => image.pixels)), grids);
    const count = Math.min(regionCount, MAX_REGIONS);
    const { regions } = await clusterSuperpixels(grids, features, {
      regionCount: count,
      parity: 'recommended',
      draw: drawsFor({ seed: this.#config.seed, step, stream: 'preview' }),
      productsOf: trainer.productsOf,
    });
    const half = this.#originals.length;
    const maps = this.#originals.map(({ labels }, index) =>
      paint(labels, regions[index] ?? new Int32Array()),
    );
    const matched = matchRegions(maps, this.#previous, count);
    this.#previous = matched;
    return {
      regionCount: count,
      maps: matched,
      stability: agreement(regions.slice(0, half), regions.slice(half)),
    };
  }
}

function originalOf({ spanning, superpixels }: OpenedImage, config: PretrainConfig): PreviewImage {
  return previewImage(spanning, superpixels, config);
}

/**
 * The whole image mirrored, with the colours of a second view. Each superpixel keeps its number and what it shows.
 * @param index number among the preview's images, by which the colours are drawn
 */
export function mirroredImage(
  { pixels, superpixels }: OpenedImage,
  index: number,
  config: PretrainConfig,
): PreviewImage {
  const { seed, viewPx } = config;
  const [, drawn] = drawViewPlans(drawsFor({ seed, step: 0, stream: 'preview-view', index }), pixels);
  const crop = { topPx: 0, leftPx: 0, heightPx: pixels.heightPx, widthPx: pixels.widthPx };
  const view = renderView(pixels, { ...drawn, crop, isFlipped: true, isSolarized: false }, viewPx);
  return previewImage(view, { ...superpixels, labels: mirrored(superpixels.labels, viewPx) }, config);
}

function previewImage(
  view: Uint8Array,
  superpixels: SuperpixelMap,
  { encoder }: PretrainConfig,
): PreviewImage {
  const { stride } = backboneOf(ARCHITECTURES[encoder]).clustered;
  const pixels = new Float32Array(view.length);
  normalisePixels(view, normalisedValues(), pixels);
  return { pixels, labels: superpixels.labels, grids: superpixelGrids(superpixels, stride) };
}

function mirrored(labels: Uint16Array, widthPx: number): Uint16Array {
  return labels.map((_, at) => labels[at - (at % widthPx) + (widthPx - 1 - (at % widthPx))] ?? 0);
}

/** Region of each pixel; superpixels that were not clustered take region 0. */
function paint(labels: Uint16Array, regions: Int32Array): Uint8Array {
  return Uint8Array.from(labels, (label) => Math.max(regions[label] ?? 0, 0));
}

/** Over the superpixels that have a region in both versions. */
function agreement(first: readonly Int32Array[], second: readonly Int32Array[]): number {
  const pairs = first.flatMap((regions, image) =>
    Array.from(regions, (region, label) => [region, second[image]?.[label] ?? NO_REGION] as const).filter(
      ([a, b]) => a !== NO_REGION && b !== NO_REGION,
    ),
  );
  return adjustedRandIndex(
    pairs.map(([a]) => a),
    pairs.map(([, b]) => b),
  );
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
