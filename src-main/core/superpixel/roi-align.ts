/** A crop as fractions of the image, float32: a row of SPEC section 1's box table. */
export type ViewBox = { y1: number; x1: number; y2: number; x2: number; isFlipped: boolean };

/** Weights that carry a map to a view; both axes of a ROI align are independent. */
export type RoiSampling = {
  mapSize: number;
  outSize: number;
  /** [outSize, mapSize] float64 */
  rows: Float64Array;
  columns: Float64Array;
};

/**
 * How a view sees a map of the image: torchvision's roi_align with its defaults (aligned=false, one sample per
 * started cell in each bin), mirrored where the view is. SPEC section 5, float32 as there.
 * @param mapSize cells along a side of the map, 56 for regions
 * @param outSize cells along a side of the view, its pixels / 32
 */
export function roiSampling(
  { y1, x1, y2, x2, isFlipped }: ViewBox,
  { mapSize, outSize }: { mapSize: number; outSize: number },
): RoiSampling {
  const columns = axisWeights([x1, x2], mapSize, outSize);
  return {
    mapSize,
    outSize,
    rows: axisWeights([y1, y2], mapSize, outSize),
    columns: isFlipped ? mirrored(columns, mapSize, outSize) : columns,
  };
}

/**
 * Share of each region in each cell of a view; the cost does not depend on the number of regions.
 * @param map [mapSize, mapSize], negative where there is no region
 * @param out [outSize, outSize, regionCount], written; made when absent
 * @returns `out`, float32 in [0, 1]
 */
export function roiAlignRegions(
  map: ArrayLike<number>,
  regionCount: number,
  sampling: RoiSampling,
  out = new Float32Array(sampling.outSize * sampling.outSize * regionCount),
): Float32Array {
  const { mapSize, outSize, rows, columns } = sampling;
  const sums = new Float64Array(outSize * outSize * regionCount);
  for (let binY = 0; binY < outSize; binY++) {
    for (let y = 0; y < mapSize; y++) {
      const rowWeight = rows[binY * mapSize + y] ?? 0;
      if (rowWeight === 0) continue;
      for (let binX = 0; binX < outSize; binX++) {
        const bin = (binY * outSize + binX) * regionCount;
        for (let x = 0; x < mapSize; x++) {
          const weight = rowWeight * (columns[binX * mapSize + x] ?? 0);
          const region = map[y * mapSize + x] ?? -1;
          if (weight > 0 && region >= 0) sums[bin + region] = (sums[bin + region] ?? 0) + weight;
        }
      }
    }
  }
  out.set(sums);
  return out;
}

/**
 * ROI align of any map, for soft masks.
 * @param map [mapSize, mapSize, channels]
 * @param out [outSize, outSize, channels], written; made when absent
 */
export function roiAlign(
  map: Float32Array,
  channels: number,
  sampling: RoiSampling,
  out = new Float32Array(sampling.outSize * sampling.outSize * channels),
): Float32Array {
  const { mapSize, outSize, rows, columns } = sampling;
  const line = new Float64Array(mapSize * channels);
  const bin = new Float64Array(channels);
  for (let binY = 0; binY < outSize; binY++) {
    line.fill(0);
    for (let y = 0; y < mapSize; y++) {
      const weight = rows[binY * mapSize + y] ?? 0;
      if (weight !== 0) addScaled(line, map.subarray(y * line.length, (y + 1) * line.length), weight);
    }
    for (let binX = 0; binX < outSize; binX++) {
      bin.fill(0);
      for (let x = 0; x < mapSize; x++) {
        const weight = columns[binX * mapSize + x] ?? 0;
        if (weight !== 0) addScaled(bin, line.subarray(x * channels, (x + 1) * channels), weight);
      }
      out.set(bin, (binY * outSize + binX) * channels);
    }
  }
  return out;
}

function addScaled(sum: Float64Array, values: Float32Array | Float64Array, weight: number): void {
  for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) + weight * (values[at] ?? 0);
}

/** Mean of the bilinear samples of each bin along one axis, as weights of the cells: [outSize, mapSize]. */
function axisWeights([from, to]: readonly [number, number], mapSize: number, outSize: number): Float64Array {
  const f = Math.fround;
  const weights = new Float64Array(outSize * mapSize);
  const start = f(f(from) * mapSize);
  const length = Math.max(f(f(f(to) * mapSize) - start), 1);
  const binLength = f(length / outSize);
  const samples = Math.ceil(binLength);
  for (let bin = 0; bin < outSize; bin++) {
    for (let sample = 0; sample < samples; sample++) {
      const offset = f(f((sample + 0.5) * binLength) / samples);
      addSample(
        weights.subarray(bin * mapSize, (bin + 1) * mapSize),
        f(f(start + f(bin * binLength)) + offset),
        samples,
      );
    }
  }
  return weights;
}

/** Centres of cells are at whole numbers; past the outermost, the map continues for one cell, then it is 0. */
function addSample(weights: Float64Array, place: number, samples: number): void {
  const last = weights.length - 1;
  if (place < -1 || place > weights.length) return;
  const inside = Math.min(Math.max(place, 0), last);
  const low = Math.min(Math.floor(inside), last);
  const share = inside - low;
  weights[low] = (weights[low] ?? 0) + (1 - share) / samples;
  if (share > 0) weights[low + 1] = (weights[low + 1] ?? 0) + share / samples;
}

function mirrored(weights: Float64Array, mapSize: number, outSize: number): Float64Array {
  const result = new Float64Array(weights.length);
  for (let bin = 0; bin < outSize; bin++) {
    result.set(weights.subarray(bin * mapSize, (bin + 1) * mapSize), (outSize - 1 - bin) * mapSize);
  }
  return result;
}
