import { HEAT_COLOURS } from '../../../contract/heat-colours.ts';
import type { RgbImage } from '../../image/decode.ts';
import type { Embedding } from '../embed-image.ts';
import { sigmoid } from '../sigmoid.ts';
import { headLogits, type ForegroundHead } from './foreground-head.ts';

/** Probability of the foreground in each pixel: [heightPx, widthPx] in 0..1. */
export type HeatMap = { data: Float32Array; widthPx: number; heightPx: number };

/**
 * What a head answers for an image, superpixel by superpixel, as its foreground is found with.
 * @throws Error for an embedding of another encoder
 */
export function heatMap(head: ForegroundHead, embedding: Embedding): HeatMap {
  const { map, dim } = embedding;
  if (dim !== head.weights.length) throw new Error(`a head of ${head.weights.length} weights for ${dim}`);
  const shares = headLogits(head, embedding).map(sigmoid);
  return {
    data: Float32Array.from(map.labels, (label) => shares[label] ?? 0),
    widthPx: map.widthPx,
    heightPx: map.heightPx,
  };
}

/** Grey values: 0 for 0, 255 for 1. */
export function greyHeat({ data }: HeatMap): Uint8Array {
  return Uint8Array.from(data, levelOf);
}

/** In the colours of HEAT_COLOURS. */
export function colouredHeat({ data, widthPx, heightPx }: HeatMap): RgbImage {
  const rgb = new Uint8Array(data.length * 3);
  data.forEach((share, pixel) =>
    rgb.set(TABLE.subarray(3 * levelOf(share), 3 * levelOf(share) + 3), 3 * pixel),
  );
  return { data: rgb, widthPx, heightPx };
}

const LEVELS = 256;
const levelOf = (share: number) => Math.round(share * (LEVELS - 1));

/** [LEVELS, 3] */
const TABLE = colourTable();

function colourTable(): Uint8Array {
  const stops = HEAT_COLOURS.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
  return Uint8Array.from({ length: LEVELS * 3 }, (_, at) => {
    const place = (Math.floor(at / 3) / (LEVELS - 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    const [from = 0, to = 0] = [stops[low]?.[at % 3], stops[low + 1]?.[at % 3]];
    return Math.round(from + (place - low) * (to - from));
  });
}
