import { deepest, GOAL, iouOf, MAX_CLICKS, type Target } from './protocol.ts';

/**
 * IoU after each stroke of a brush, by a hand that is better than any: a stroke goes along the straight line through the
 * centre of the largest region of errors that covers most of it, with a brush that is as wide as the region is there, and
 * stops where it would do more harm than good. It adds or erases, whatever the region needs.
 */
export function brushStrokes(target: Target): number[] {
  const mask = new Uint8Array(target.truth.length);
  const ious: number[] = [];
  while (ious.length < MAX_CLICKS && (ious.at(-1) ?? 0) < GOAL) {
    const stroke = bestStroke(mask, target);
    if (!stroke) break;
    for (const pixel of stroke.pixels) mask[pixel] = stroke.value;
    ious.push(iouOf(mask, target));
  }
  return ious;
}

const DIRECTIONS = 8;

function bestStroke(mask: Uint8Array, target: Target): { pixels: Set<number>; value: number } | undefined {
  const { truth } = target;
  const regions = [1, 0].flatMap((value) => {
    const errors = truth.map((known, pixel) => Number(known === value && mask[pixel] !== value));
    const region = deepest(errors, target);
    return region ? [{ ...region, value, errors }] : [];
  });
  const [region] = regions.sort((a, b) => b.areaPx - a.areaPx);
  if (!region) return undefined;
  const radius = Math.max(0.5, region.depthPx - 0.5);
  const strokes = Array.from({ length: DIRECTIONS }, (_, at) => {
    const angle = (Math.PI * at) / DIRECTIONS;
    return sweep(region, target, { radius, dx: Math.cos(angle), dy: Math.sin(angle) });
  });
  const gain = (pixels: Set<number>) =>
    [...pixels].reduce((sum, pixel) => sum + (region.errors[pixel] ?? 0), 0);
  const [pixels] = strokes.sort((a, b) => gain(b) - gain(a));
  return pixels && { pixels, value: region.value };
}

type Stroke = { radius: number; dx: number; dy: number };

/** What a brush covers on its way from the centre in both directions, as long as half of what it newly covers is wrong now. */
function sweep(
  { pixel, errors }: { pixel: number; errors: Uint8Array },
  { widthPx, heightPx }: Target,
  { radius, dx, dy }: Stroke,
): Set<number> {
  const [cx, cy] = [pixel % widthPx, Math.floor(pixel / widthPx)];
  const covered = new Set<number>();
  for (const side of [1, -1]) {
    for (let step = 0; ; step++) {
      const fresh = discAt(cx + side * step * dx, cy + side * step * dy, radius, {
        widthPx,
        heightPx,
      }).filter((at) => !covered.has(at));
      const wrong = fresh.reduce((sum, at) => sum + (errors[at] ?? 0), 0);
      if (step > 0 && (fresh.length === 0 ? step > widthPx + heightPx : wrong * 2 < fresh.length)) break;
      for (const at of fresh) covered.add(at);
    }
  }
  return covered;
}

function discAt(
  cx: number,
  cy: number,
  radius: number,
  { widthPx, heightPx }: Pick<Target, 'widthPx' | 'heightPx'>,
): number[] {
  const pixels: number[] = [];
  for (let y = Math.max(0, Math.ceil(cy - radius)); y <= Math.min(heightPx - 1, cy + radius); y++) {
    for (let x = Math.max(0, Math.ceil(cx - radius)); x <= Math.min(widthPx - 1, cx + radius); x++) {
      if ((x - cx) ** 2 + (y - cy) ** 2 <= radius * radius) pixels.push(y * widthPx + x);
    }
  }
  return pixels;
}
