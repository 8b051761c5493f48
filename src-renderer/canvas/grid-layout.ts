/** How many tiles of at least `tilePx` fit side by side. */
export function columnsFor(widthPx: number, tilePx: number, gapPx: number): number {
  return Math.max(1, Math.floor((widthPx + gapPx) / (tilePx + gapPx)));
}

export type GridPosition = { index: number; columns: number; rowsOnPage: number; count: number };

/** Where a key leads to from a place in a grid; undefined for keys that do not move, and at the edges. */
export function moveInGrid(key: string, position: GridPosition): number | undefined {
  const { index, columns, rowsOnPage, count } = position;
  const last = count - 1;
  if (count === 0) return undefined;
  switch (key) {
    case 'ArrowLeft':
      return index > 0 ? index - 1 : undefined;
    case 'ArrowRight':
      return index < last ? index + 1 : undefined;
    case 'ArrowUp':
      return index >= columns ? index - columns : undefined;
    case 'ArrowDown':
      // From the last full row into a shorter one below it.
      return Math.floor(index / columns) < Math.floor(last / columns)
        ? Math.min(index + columns, last)
        : undefined;
    case 'PageUp':
      return Math.max(index % columns, index - columns * rowsOnPage);
    case 'PageDown':
      return Math.min(last, index + columns * rowsOnPage);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}
