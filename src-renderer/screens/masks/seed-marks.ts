import type { ClickSeeds } from '../../../src-main/contract/click-seeds.ts';
import type { ZoomView } from '../../canvas/zoom-view.svelte.ts';

type Place = { x: number; y: number };

/** Seeds as they are drawn, in pixels of the viewport. */
export type SeedMarks = {
  clicks: { at: Place; isInside: boolean }[];
  strokes: { points: string; widthPx: number; isInside: boolean }[];
  box: { x: number; y: number; width: number; height: number } | null;
};

/** Where seeds are on the screen. */
export function marksOf({ seeds, box }: ClickSeeds, zoom: Pick<ZoomView, 'toScreen' | 'scale'>): SeedMarks {
  const marks: SeedMarks = { clicks: [], strokes: [], box: null };
  for (const { points, radius, isInside } of seeds) {
    const places = points.map((point) => zoom.toScreen(point));
    const [at] = places;
    if (at && places.length === 1) marks.clicks.push({ at, isInside });
    else
      marks.strokes.push({
        points: places.map(({ x, y }) => `${x},${y}`).join(' '),
        widthPx: Math.max(2, 2 * radius * zoom.scale),
        isInside,
      });
  }
  if (box) {
    const { x, y } = zoom.toScreen(box);
    marks.box = { x, y, width: box.width * zoom.scale, height: box.height * zoom.scale };
  }
  return marks;
}
