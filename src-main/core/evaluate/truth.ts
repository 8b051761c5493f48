/** What a truth grid holds of a pixel. */
export const BACKGROUND = 0;
export const FOREGROUND = 1;
/** Left out of every count. */
export const IGNORED = 2;

/** Ground truth of one image: `pixels` [heightPx, widthPx] in {BACKGROUND, FOREGROUND, IGNORED}. */
export type Truth = { pixels: Uint8Array; widthPx: number; heightPx: number };

/** Value in a truth mask's file for pixels without ground truth. */
const IGNORED_VALUE = 128;
/** Value in a label file for pixels without ground truth. */
export const IGNORED_LABEL = 255;

/**
 * Truth from a mask's file: 0 is background, 255 foreground, 128 ignored; for masks of grey levels, above 127 is
 * foreground.
 * @param values [heightPx, widthPx] uint8
 */
export function truthFromMask(values: Uint8Array, widthPx: number, heightPx: number): Truth {
  const pixels = values.map((value) =>
    value === IGNORED_VALUE ? IGNORED : value > IGNORED_VALUE - 1 ? FOREGROUND : BACKGROUND,
  );
  return { pixels, widthPx, heightPx };
}

/**
 * Truth without ignored pixels: each takes the value of the nearest labelled pixel, so that a band left open along an
 * outline becomes an outline in the middle of the band.
 */
export function filledTruth({ pixels, widthPx, heightPx }: Truth): Truth {
  const filled = pixels.slice();
  const queue: number[] = [];
  filled.forEach((value, pixel) => {
    if (value !== IGNORED) queue.push(pixel);
  });
  for (const pixel of queue) {
    const x = pixel % widthPx;
    const value = filled[pixel] ?? BACKGROUND;
    for (const next of [
      x > 0 ? pixel - 1 : -1,
      x < widthPx - 1 ? pixel + 1 : -1,
      pixel - widthPx,
      pixel + widthPx,
    ]) {
      if (filled[next] !== IGNORED) continue;
      filled[next] = value;
      queue.push(next);
    }
  }
  return { pixels: filled, widthPx, heightPx };
}
