import type { Grid } from '../superpixel/components.ts';
import type { SuperpixelMap } from '../superpixel/slic.ts';
import { nearest } from './original-grid.ts';

/**
 * Superpixels of each object: those of which it holds most, and for things smaller than a superpixel the one that
 * holds most of them.
 * @param labels [fine H, W]: number of the object in 1..count, 0 outside
 * @returns for each object the labels of its superpixels
 */
export function objectMembers(labels: Int32Array, count: number, fine: Grid, map: SuperpixelMap): number[][] {
  const pixels = new Int32Array(map.count * (count + 1));
  const areas = new Int32Array(map.count);
  const columns = nearest(fine.widthPx, map.widthPx);
  const rows = nearest(fine.heightPx, map.heightPx);
  for (let y = 0, at = 0; y < map.heightPx; y++) {
    const row = (rows[y] ?? 0) * fine.widthPx;
    for (let x = 0; x < map.widthPx; x++, at++) {
      const superpixel = map.labels[at] ?? 0;
      const cell = superpixel * (count + 1) + (labels[row + (columns[x] ?? 0)] ?? 0);
      areas[superpixel] = (areas[superpixel] ?? 0) + 1;
      pixels[cell] = (pixels[cell] ?? 0) + 1;
    }
  }
  return Array.from({ length: count }, (_, at) => {
    const inside = (s: number) => pixels[s * (count + 1) + at + 1] ?? 0;
    const members: number[] = [];
    let fullest = 0;
    for (let s = 0; s < map.count; s++) {
      if (inside(s) * 2 > (areas[s] ?? 0)) members.push(s);
      if (inside(s) > inside(fullest)) fullest = s;
    }
    return members.length > 0 ? members : [fullest];
  });
}
