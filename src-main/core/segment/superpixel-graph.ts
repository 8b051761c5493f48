import { quickLab } from '../superpixel/slic-lab.ts';
import type { SuperpixelMap } from '../superpixel/slic.ts';
import type { RgbImage } from '../image/decode.ts';

/** Two superpixels that touch, and how. */
type SuperpixelEdges = {
  /** [edges]: the lower and the higher label. */
  from: Uint16Array;
  to: Uint16Array;
  /** [edges]: pixel sides that they share. */
  lengths: Float32Array;
};

/** Superpixels of an image with what is known of each from pixels alone. */
export type SuperpixelGraph = {
  map: SuperpixelMap;
  /** [count] in pixels. */
  areas: Float32Array;
  /** [count, 3]: mean CIE Lab, L in 0..100. */
  lab: Float32Array;
  /** [count, 3]: standard deviation of Lab. */
  labSpread: Float32Array;
  /** [count, 2]: centre x and y in shares of the image's sides. */
  centres: Float32Array;
  /** [count]: pixel sides on the image's border. */
  borderLengths: Float32Array;
  edges: SuperpixelEdges;
};

/** Gathers colour, place and neighbours of each superpixel. */
export function superpixelGraph(image: RgbImage, map: SuperpixelMap): SuperpixelGraph {
  const lab = quickLab(image);
  return { map, ...momentsOf(lab, map), borderLengths: borderLengthsOf(map), edges: edgesOf(map) };
}

function momentsOf(
  lab: Float32Array,
  { labels, count, widthPx, heightPx }: SuperpixelMap,
): Pick<SuperpixelGraph, 'areas' | 'lab' | 'labSpread' | 'centres'> {
  const areas = new Float32Array(count);
  const sums = new Float64Array(count * 8);
  for (let y = 0, pixel = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, pixel++) {
      const label = labels[pixel] ?? 0;
      areas[label] = (areas[label] ?? 0) + 1;
      const at = label * 8;
      for (let c = 0; c < 3; c++) {
        const value = lab[pixel * 3 + c] ?? 0;
        sums[at + c] = (sums[at + c] ?? 0) + value;
        sums[at + 3 + c] = (sums[at + 3 + c] ?? 0) + value * value;
      }
      sums[at + 6] = (sums[at + 6] ?? 0) + x + 0.5;
      sums[at + 7] = (sums[at + 7] ?? 0) + y + 0.5;
    }
  }
  const means = new Float32Array(count * 3);
  const spreads = new Float32Array(count * 3);
  const centres = new Float32Array(count * 2);
  for (let label = 0; label < count; label++) {
    const area = Math.max(areas[label] ?? 0, 1);
    for (let c = 0; c < 3; c++) {
      const mean = (sums[label * 8 + c] ?? 0) / area;
      means[label * 3 + c] = mean;
      spreads[label * 3 + c] = Math.sqrt(Math.max((sums[label * 8 + 3 + c] ?? 0) / area - mean * mean, 0));
    }
    centres[label * 2] = (sums[label * 8 + 6] ?? 0) / area / widthPx;
    centres[label * 2 + 1] = (sums[label * 8 + 7] ?? 0) / area / heightPx;
  }
  return { areas, lab: means, labSpread: spreads, centres };
}

function borderLengthsOf({ labels, count, widthPx, heightPx }: SuperpixelMap): Float32Array {
  const lengths = new Float32Array(count);
  const add = (pixel: number) => {
    const label = labels[pixel] ?? 0;
    lengths[label] = (lengths[label] ?? 0) + 1;
  };
  for (let x = 0; x < widthPx; x++) {
    add(x);
    add((heightPx - 1) * widthPx + x);
  }
  for (let y = 0; y < heightPx; y++) {
    add(y * widthPx);
    add(y * widthPx + widthPx - 1);
  }
  return lengths;
}

/** End of a list of neighbours. */
const NONE = -1;

/** Pairs that touch are few: each label has a short list of its neighbours with higher labels. */
function edgesOf({ labels, count, widthPx, heightPx }: SuperpixelMap): SuperpixelEdges {
  const first = new Int32Array(count).fill(NONE);
  const pairs: { other: number; length: number; next: number }[] = [];
  const meet = (a: number, b: number) => {
    const low = Math.min(a, b);
    const other = Math.max(a, b);
    let at = first[low] ?? NONE;
    for (; at !== NONE; at = pairs[at]?.next ?? NONE) {
      const pair = pairs[at];
      if (pair?.other !== other) continue;
      pair.length++;
      return;
    }
    pairs.push({ other, length: 1, next: first[low] ?? NONE });
    first[low] = pairs.length - 1;
  };
  for (let y = 0, pixel = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, pixel++) {
      const label = labels[pixel] ?? 0;
      const right = x + 1 < widthPx ? (labels[pixel + 1] ?? 0) : label;
      const below = y + 1 < heightPx ? (labels[pixel + widthPx] ?? 0) : label;
      if (right !== label) meet(label, right);
      if (below !== label) meet(label, below);
    }
  }
  return listed(first, pairs);
}

/** Edges by their lower, then by their higher label. */
function listed(
  first: Int32Array,
  pairs: readonly { other: number; length: number; next: number }[],
): SuperpixelEdges {
  const from = new Uint16Array(pairs.length);
  const to = new Uint16Array(pairs.length);
  const lengths = new Float32Array(pairs.length);
  let edge = 0;
  for (let label = 0; label < first.length; label++) {
    const own = [];
    for (let pair = pairs[first[label] ?? NONE]; pair; pair = pairs[pair.next]) own.push(pair);
    own.sort((a, b) => a.other - b.other);
    for (const { other, length } of own) {
      from[edge] = label;
      to[edge] = other;
      lengths[edge++] = length;
    }
  }
  return { from, to, lengths };
}
