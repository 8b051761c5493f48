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
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel] ?? 0;
    areas[label] = (areas[label] ?? 0) + 1;
    const at = label * 8;
    for (let c = 0; c < 3; c++) {
      const value = lab[pixel * 3 + c] ?? 0;
      sums[at + c] = (sums[at + c] ?? 0) + value;
      sums[at + 3 + c] = (sums[at + 3 + c] ?? 0) + value * value;
    }
    sums[at + 6] = (sums[at + 6] ?? 0) + (pixel % widthPx) + 0.5;
    sums[at + 7] = (sums[at + 7] ?? 0) + Math.floor(pixel / widthPx) + 0.5;
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

function edgesOf({ labels, count, widthPx, heightPx }: SuperpixelMap): SuperpixelEdges {
  const lengths = new Map<number, number>();
  const meet = (a: number, b: number) => {
    if (a === b) return;
    const key = Math.min(a, b) * count + Math.max(a, b);
    lengths.set(key, (lengths.get(key) ?? 0) + 1);
  };
  for (let y = 0, pixel = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, pixel++) {
      const label = labels[pixel] ?? 0;
      if (x + 1 < widthPx) meet(label, labels[pixel + 1] ?? 0);
      if (y + 1 < heightPx) meet(label, labels[pixel + widthPx] ?? 0);
    }
  }
  const keys = [...lengths.keys()].sort((a, b) => a - b);
  return {
    from: Uint16Array.from(keys, (key) => Math.floor(key / count)),
    to: Uint16Array.from(keys, (key) => key % count),
    lengths: Float32Array.from(keys, (key) => lengths.get(key) ?? 0),
  };
}
