import type { GridOf, GridSize } from './image-grid.ts';

/** The name by which an image was found, and its size; or why its masks cannot be used. */
export type NamedGrid = { imageName: string; grid: GridSize | string };

/**
 * The first of the names that a file gives an image by which it is found; the first of all if none is.
 * @param names the fullest one first
 */
export function firstGrid(
  names: readonly [string, ...string[]],
  gridOf: GridOf,
  claimed: GridSize | null,
): NamedGrid {
  const first = { imageName: names[0], grid: gridOf(names[0], claimed) };
  if (typeof first.grid !== 'string') return first;
  for (const imageName of names.slice(1)) {
    const grid = gridOf(imageName, claimed);
    if (typeof grid !== 'string') return { imageName, grid };
  }
  return first;
}
