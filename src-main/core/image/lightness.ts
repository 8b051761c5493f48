/** Luminances of 8-bit sRGB samples: the inverse of sRGB's transfer function (IEC 61966-2-1). */
const LINEAR = Float64Array.from({ length: 256 }, (_, sample) => {
  const value = sample / 255;
  return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});
/** Steps of luminance for which lightness is computed once: near black, one is 0.002 of lightness. */
const STEPS = 4_096;
const LIGHTNESS = Float64Array.from({ length: STEPS }, (_, step) => lightnessOf(step / (STEPS - 1)));

/**
 * How light an image is: the mean CIE lightness L* of its pixels, from 0 (black) to 1 (white).
 * @param data [pixels, 3] uint8, interleaved sRGB; at least one pixel
 */
export function meanLightness(data: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < data.length; at += 3) {
    // Rows 2 of the matrices of IEC 61966-2-1: luminance relative to D65 white.
    const luminance =
      0.2126 * (LINEAR[data[at] ?? 0] ?? 0) +
      0.7152 * (LINEAR[data[at + 1] ?? 0] ?? 0) +
      0.0722 * (LINEAR[data[at + 2] ?? 0] ?? 0);
    sum += LIGHTNESS[Math.round(luminance * (STEPS - 1))] ?? 1;
  }
  return Math.min(1, Math.max(0, (sum * 3) / data.length));
}

/** CIE 15:2004: a cube root, and a straight line near black. */
function lightnessOf(luminance: number): number {
  const root = luminance > 216 / 24_389 ? Math.cbrt(luminance) : ((24_389 / 27) * luminance + 16) / 116;
  return (116 * root - 16) / 100;
}
