import type { InputSize } from '../../model/backbone.ts';
import type { MapOutput } from './description.ts';

/** An output of the graph, and its shape for an image of a given size. */
export type SeenOutput = { name: string; shape: readonly number[] };

/** Finer maps are pictures, coarser ones say nothing of where. */
const STRIDES = { least: 2, most: 64 } as const;
/** A class token and sixteen registers: no published network has more. */
const MOST_LEADING_TOKENS = 17;

/**
 * Which outputs are maps of features, and of what stride; undefined for an output that is none.
 * @param size of the image that gave the shapes; its sides differ unless the network takes only squares
 * @param leadingTokens how many tokens of [B, N, C] belong to no place; found out where left out
 */
export function mapOf(
  { name, shape }: SeenOutput,
  size: InputSize,
  leadingTokens?: number,
): MapOutput | undefined {
  if (shape.length === 4) return mapOfGrid(name, shape, size);
  if (shape.length === 3) return mapOfTokens(name, shape, size, leadingTokens);
  return undefined;
}

function mapOfGrid(
  name: string,
  [, channels = 0, height = 0, width = 0]: readonly number[],
  { widthPx, heightPx }: InputSize,
): MapOutput | undefined {
  const stride = widthPx / width;
  if (stride !== heightPx / height || !isStride(stride)) return undefined;
  return { name, layout: 'map', leadingTokens: 0, channels, stride };
}

function mapOfTokens(
  name: string,
  [, tokens = 0, channels = 0]: readonly number[],
  { widthPx, heightPx }: InputSize,
  wanted: number | undefined,
): MapOutput | undefined {
  for (let stride: number = STRIDES.least; stride <= STRIDES.most; stride++) {
    if (widthPx % stride !== 0 || heightPx % stride !== 0) continue;
    const leadingTokens = tokens - (widthPx / stride) * (heightPx / stride);
    const isRight = wanted === undefined ? isLeading(leadingTokens) : leadingTokens === wanted;
    if (isRight) return { name, layout: 'tokens', leadingTokens, channels, stride };
  }
  return undefined;
}

const isStride = (stride: number) =>
  Number.isInteger(stride) && stride >= STRIDES.least && stride <= STRIDES.most;
const isLeading = (count: number) => count >= 0 && count <= MOST_LEADING_TOKENS;

/** Where several outputs have one stride, such as those of all blocks, the last: it is the deepest. */
export function deepestOfEachStride(maps: readonly MapOutput[]): MapOutput[] {
  return [...new Map(maps.map((map) => [map.stride, map])).values()].sort((a, b) => a.stride - b.stride);
}
