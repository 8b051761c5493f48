import type { SoftCells } from './superpixel-masks.ts';

/**
 * How a cell in which superpixels of several regions meet finds its region (SPEC Q6):
 * `largest-region` the region with the largest share, of equals the lowest (the default);
 * `largest-superpixel` the region of the superpixel with the largest share, of equals the lowest label;
 * `official-average` the mean of the region numbers, truncated, which names unrelated regions.
 */
export type RegionRule = 'largest-region' | 'largest-superpixel' | 'official-average';

/** Region of a superpixel that was not clustered, because the feature grid missed it. */
export const NO_REGION = -1;

/**
 * The region of each cell: SPEC section 4, step 4.
 *
 * Under `largest-region` superpixels without a region have no say, and a cell that holds nothing else takes the
 * region of the nearest cell that has one.
 * @param cells of one image, on the mask grid
 * @param regions [superpixels of the image]: region in [0, K), or NO_REGION
 * @returns [size, size]
 */
export function regionMap(
  cells: SoftCells,
  regions: ArrayLike<number>,
  rule: RegionRule = 'largest-region',
): Int16Array {
  const map = new Int16Array(cells.size * cells.size);
  const pick = PICK[rule];
  for (let cell = 0; cell < map.length; cell++) map[cell] = pick(cells, cell * 4, regions);
  if (rule === 'largest-region') fillFromNeighbours(map, cells.size);
  return map;
}

/**
 * One-hot form of a region map: SPEC section 4, step 5.
 * @returns [cells, regionCount] float32, all zero in a cell without a region
 */
export function oneHotRegions(map: Int16Array, regionCount: number): Float32Array {
  const masks = new Float32Array(map.length * regionCount);
  map.forEach((region, cell) => {
    if (region >= 0) masks[cell * regionCount + region] = 1;
  });
  return masks;
}

type Pick = (cells: SoftCells, first: number, regions: ArrayLike<number>) => number;

const PICK: Record<RegionRule, Pick> = {
  'largest-region': largestRegion,
  'largest-superpixel': largestSuperpixel,
  'official-average': averageNumber,
};

function largestRegion({ labels, shares }: SoftCells, first: number, regions: ArrayLike<number>): number {
  let best = NO_REGION;
  let bestShare = 0;
  for (let at = first; at < first + 4; at++) {
    const region = regions[labels[at] ?? 0] ?? NO_REGION;
    if ((shares[at] ?? 0) === 0 || region < 0) continue;
    let share = 0;
    for (let other = first; other < first + 4; other++) {
      if (regions[labels[other] ?? 0] === region) share += shares[other] ?? 0;
    }
    if (share > bestShare || (share === bestShare && region < best)) {
      best = region;
      bestShare = share;
    }
  }
  return best;
}

function largestSuperpixel({ labels, shares }: SoftCells, first: number, regions: ArrayLike<number>): number {
  let best = first;
  for (let at = first + 1; at < first + 4; at++) {
    const lead = (shares[at] ?? 0) - (shares[best] ?? 0);
    if (lead > 0 || (lead === 0 && (labels[at] ?? 0) < (labels[best] ?? 0))) best = at;
  }
  return regions[labels[best] ?? 0] ?? NO_REGION;
}

function averageNumber({ labels, shares }: SoftCells, first: number, regions: ArrayLike<number>): number {
  let sum = 0;
  for (let at = first; at < first + 4; at++) sum += (shares[at] ?? 0) * (regions[labels[at] ?? 0] ?? 0);
  return Math.trunc(sum);
}

/** Breadth first from all cells with a region at once; left as it is where no cell has one. */
function fillFromNeighbours(map: Int16Array, size: number): void {
  const queue: number[] = [];
  map.forEach((region, cell) => {
    if (region >= 0) queue.push(cell);
  });
  if (queue.length === map.length) return;
  for (const cell of queue) {
    const x = cell % size;
    const neighbours = [x > 0 ? cell - 1 : -1, x < size - 1 ? cell + 1 : -1, cell - size, cell + size];
    for (const next of neighbours) {
      if ((map[next] ?? 0) >= 0) continue;
      map[next] = map[cell] ?? NO_REGION;
      queue.push(next);
    }
  }
}
