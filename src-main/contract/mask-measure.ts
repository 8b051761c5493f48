import { z } from 'zod';

/** What masks are compared by: their score, their share of the image, where their middle is in it, and how bright that is. */
export const Measure = z.enum(['score', 'size', 'across', 'down', 'brightness']);
export type Measure = z.infer<typeof Measure>;

/** Bars of a histogram. */
export const BIN_COUNT = 10;
/** Shares of an image at which the next bar of sizes starts: each is two to two and a half times the one before. */
export const SIZE_EDGES = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25] as const;

/** Masks of one bar. */
export const Bar = z.object({
  measure: Measure,
  bin: z
    .number()
    .int()
    .min(0)
    .max(BIN_COUNT - 1),
});
export type Bar = z.infer<typeof Bar>;

/** How many masks each bar of each histogram has. */
export const Histograms = z.object({
  bars: z.record(Measure, z.array(z.number().int()).length(BIN_COUNT)),
  /** Masks that are in no bar of brightness, because that of their image is not measured yet. */
  withoutBrightness: z.number().int(),
});
export type Histograms = z.infer<typeof Histograms>;

/** What the measures of a mask follow from, in pixels of the upright image. */
export type MeasuredMask = {
  score: number;
  areaPx: number;
  x: number;
  y: number;
  width: number;
  height: number;
  imageWidth: number;
  imageHeight: number;
  /** Of the image, as in `ImageFacts`. */
  brightness: number | null;
};

/**
 * Which bar a mask is in: from 0. Sizes have bars by `SIZE_EDGES`, all else ten equal ones; null for what is not
 * measured.
 */
export function binOf(measure: Measure, mask: MeasuredMask): number | null {
  const { score, areaPx, x, y, width, height, imageWidth, imageHeight, brightness } = mask;
  if (measure === 'size') {
    const share = areaPx / (imageWidth * imageHeight);
    return SIZE_EDGES.filter((edge) => share >= edge).length;
  }
  const across = (x + width / 2) / imageWidth;
  const down = (y + height / 2) / imageHeight;
  const value = { score, across, down, brightness }[measure];
  return value === null ? null : Math.min(BIN_COUNT - 1, Math.max(0, Math.floor(value * BIN_COUNT)));
}

/** Histograms without any mask yet. */
export function emptyHistograms(): Histograms {
  const none = () => new Array<number>(BIN_COUNT).fill(0);
  const bars = { score: none(), size: none(), across: none(), down: none(), brightness: none() };
  return { bars, withoutBrightness: 0 };
}

/** Adds a mask to its bar of each histogram. */
export function countMask(histograms: Histograms, mask: MeasuredMask): void {
  for (const measure of Measure.options) {
    const bin = binOf(measure, mask);
    if (bin === null) histograms.withoutBrightness++;
    else histograms.bars[measure][bin] = (histograms.bars[measure][bin] ?? 0) + 1;
  }
}
