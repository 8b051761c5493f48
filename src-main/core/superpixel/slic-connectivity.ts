export type Grid = { widthPx: number; heightPx: number };

/** Pixels that a superpixel may hold; see SPEC section 2, step 5. */
export type SizeBounds = { minPx: number; maxPx: number };

/**
 * Makes superpixels of clusters: every superpixel is one 4-connected piece, SPEC section 2, step 5.
 *
 * A piece below `minPx` joins the adjacent superpixel seen last, a piece of `maxPx` is cut off there. Pieces that
 * come before the first superpixel have nobody to join but label 0, which is then the only one in several pieces.
 * @param clusters [heightPx, widthPx] cluster of each pixel
 * @returns `labels` [heightPx, widthPx] in [0, count)
 */
export function connectSuperpixels(
  clusters: ArrayLike<number>,
  grid: Grid,
  bounds: SizeBounds,
): { labels: Uint16Array; count: number } {
  const pixels = grid.widthPx * grid.heightPx;
  const labels = new Int32Array(pixels).fill(-1);
  const queue = new Int32Array(Math.max(bounds.maxPx, 1));
  let current = 0;
  for (let start = 0; start < pixels; start++) {
    if ((labels[start] ?? 0) >= 0) continue;
    const { size, adjacent } = fillPiece({ clusters, labels, queue, start, label: current }, grid);
    if (size < bounds.minPx) for (let at = 0; at < size; at++) labels[queue[at] ?? 0] = adjacent;
    else current++;
  }
  // An image smaller than `minPx` is a single piece painted 0.
  return { labels: Uint16Array.from(labels), count: Math.max(current, 1) };
}

type Piece = {
  clusters: ArrayLike<number>;
  /** New labels, -1 where there is none yet; written. */
  labels: Int32Array;
  /** Its length bounds the piece; holds the pixels of the piece afterwards. */
  queue: Int32Array;
  start: number;
  label: number;
};

/** Breadth first from `start`, neighbours in the order right, left, below, above. */
function fillPiece(piece: Piece, { widthPx, heightPx }: Grid): { size: number; adjacent: number } {
  const { clusters, labels, queue, start, label } = piece;
  const cluster = clusters[start];
  const stepBy = [1, -1, widthPx, -widthPx] as const;
  labels[start] = label;
  queue[0] = start;
  let size = 1;
  let adjacent = 0;
  for (let visited = 0; visited < size && size < queue.length; visited++) {
    const at = queue[visited] ?? 0;
    const x = at % widthPx;
    const y = (at - x) / widthPx;
    for (let side = 0; side < 4; side++) {
      const isInside =
        side === 0 ? x < widthPx - 1 : side === 1 ? x > 0 : side === 2 ? y < heightPx - 1 : y > 0;
      if (!isInside) continue;
      const next = at + (stepBy[side] ?? 0);
      const taken = labels[next] ?? 0;
      if (taken < 0 && clusters[next] === cluster) {
        labels[next] = label;
        queue[size++] = next;
        if (size >= queue.length) break;
      } else if (taken >= 0 && taken !== label) adjacent = taken;
    }
  }
  return { size, adjacent };
}
