/** A rectangle of an image in pixels. */
export type Crop = { topPx: number; leftPx: number; heightPx: number; widthPx: number };

export type ImageSize = { widthPx: number; heightPx: number };

const TRIES = 10;
const LEAST_AREA = 0.08;
const LEAST_RATIO = 3 / 4;
const GREATEST_RATIO = 4 / 3;

/**
 * Draws a crop as torchvision's RandomResizedCrop does: 8 to 100 % of the area, width to height 3:4 to 4:3.
 * SPEC section 1, step 1.
 * @param draw uniform numbers in [0, 1)
 * @param leastArea share of the area that a crop has at least
 */
export function drawCrop(draw: () => number, { widthPx, heightPx }: ImageSize, leastArea = LEAST_AREA): Crop {
  const leastLog = Math.log(LEAST_RATIO);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = (leastArea + (1 - leastArea) * draw()) * widthPx * heightPx;
    const ratio = Math.exp(leastLog + (Math.log(GREATEST_RATIO) - leastLog) * draw());
    const width = roundHalfEven(Math.sqrt(area * ratio));
    const height = roundHalfEven(Math.sqrt(area / ratio));
    if (width <= 0 || width > widthPx || height <= 0 || height > heightPx) continue;
    const topPx = Math.floor(draw() * (heightPx - height + 1));
    const leftPx = Math.floor(draw() * (widthPx - width + 1));
    return { topPx, leftPx, heightPx: height, widthPx: width };
  }
  return centredCrop({ widthPx, heightPx });
}

/** The largest centred crop of an allowed ratio: for images so long that hardly any draw fits. */
export function centredCrop({ widthPx, heightPx }: ImageSize): Crop {
  const ratio = widthPx / heightPx;
  const width = ratio > GREATEST_RATIO ? roundHalfEven(heightPx * GREATEST_RATIO) : widthPx;
  const height = ratio < LEAST_RATIO ? roundHalfEven(widthPx / LEAST_RATIO) : heightPx;
  return {
    topPx: Math.floor((heightPx - height) / 2),
    leftPx: Math.floor((widthPx - width) / 2),
    heightPx: height,
    widthPx: width,
  };
}

/** As Python rounds. */
function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
