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
  let first: NamedGrid | undefined;
  for (const [index, imageName] of names.entries()) {
    const found = { imageName, grid: gridOf(imageName, claimed, index < names.length - 1) };
    if (typeof found.grid !== 'string') return found;
    first ??= found;
  }
  return first ?? { imageName: names[0], grid: NO_NAME };
}

const NO_NAME = 'It names no image.';
