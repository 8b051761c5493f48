/** Connected pieces of a mask. */
export type Components = {
  /** [H, W]: 0 outside of the mask, else the number of the piece, from 1 in reading order. */
  labels: Int32Array;
  /** [count + 1]: pixels of each piece; the first is 0. */
  areasPx: Int32Array;
};

export type Grid = { widthPx: number; heightPx: number };

/**
 * Cuts a mask into pieces that hang together by their sides (4 neighbours).
 * @param mask [H, W]: 0 outside; pixels of different values belong to different pieces
 */
export function connectedComponents(mask: ArrayLike<number>, { widthPx, heightPx }: Grid): Components {
  const labels = new Int32Array(widthPx * heightPx);
  const stack = new Int32Array(widthPx * heightPx);
  const areas = [0];
  const steps = [-1, 1, -widthPx, widthPx] as const;
  for (let start = 0; start < labels.length; start++) {
    const value = mask[start];
    if (!value || labels[start] !== 0) continue;
    const label = areas.length;
    let areaPx = 0;
    let top = 1;
    labels[start] = label;
    stack[0] = start;
    while (top > 0) {
      const pixel = stack[--top] ?? 0;
      areaPx++;
      const x = pixel % widthPx;
      for (let side = 0; side < 4; side++) {
        const other = pixel + (steps[side] ?? 0);
        if (side === 0 ? x === 0 : side === 1 ? x === widthPx - 1 : other < 0 || other >= labels.length)
          continue;
        if (mask[other] !== value || labels[other] !== 0) continue;
        labels[other] = label;
        stack[top++] = other;
      }
    }
    areas.push(areaPx);
  }
  return { labels, areasPx: Int32Array.from(areas) };
}

/** Half-open bounds: pixels x0 <= x < x1, y0 <= y < y1. */
export type Bounds = { x0: number; y0: number; x1: number; y1: number };

/** The smallest box around the pixels for which `isInside` holds; undefined where there are none. */
export function boundsOf(
  isInside: (pixel: number) => boolean,
  { widthPx, heightPx }: Grid,
): Bounds | undefined {
  const bounds = { x0: widthPx, y0: heightPx, x1: 0, y1: 0 };
  for (let y = 0, pixel = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, pixel++) {
      if (!isInside(pixel)) continue;
      bounds.x0 = Math.min(bounds.x0, x);
      bounds.x1 = Math.max(bounds.x1, x + 1);
      bounds.y0 = Math.min(bounds.y0, y);
      bounds.y1 = y + 1;
    }
  }
  return bounds.x1 > bounds.x0 ? bounds : undefined;
}
