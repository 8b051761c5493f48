/**
 * Colour operations on 8-bit RGB, in place, with Pillow's rounding. SPEC section 1, steps 3a, 3b and 3d.
 *
 * All take [pixels, 3] uint8. A factor of 1 changes nothing.
 */

/** Blends with black. */
export function adjustBrightness(pixels: Uint8Array, factor: number): void {
  applyTable(pixels, blendTable(0, factor));
}

/** Blends with the grey that is the rounded mean luma. */
export function adjustContrast(pixels: Uint8Array, factor: number): void {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) sum += lumaAt(pixels, i);
  applyTable(pixels, blendTable(Math.trunc(sum / (pixels.length / 3) + 0.5), factor));
}

/** Blends with the grey image. */
export function adjustSaturation(pixels: Uint8Array, factor: number): void {
  const alpha = Math.fround(factor);
  for (let i = 0; i < pixels.length; i += 3) {
    const luma = lumaAt(pixels, i);
    pixels[i] = blend(luma, pixels[i] ?? 0, alpha);
    pixels[i + 1] = blend(luma, pixels[i + 1] ?? 0, alpha);
    pixels[i + 2] = blend(luma, pixels[i + 2] ?? 0, alpha);
  }
}

/** Replaces the three channels by the luma. */
export function toGrayscale(pixels: Uint8Array): void {
  for (let i = 0; i < pixels.length; i += 3) {
    const luma = lumaAt(pixels, i);
    pixels[i] = luma;
    pixels[i + 1] = luma;
    pixels[i + 2] = luma;
  }
}

/** Inverts values of 128 and more. */
export function solarize(pixels: Uint8Array): void {
  for (let i = 0; i < pixels.length; i++) {
    const value = pixels[i] ?? 0;
    if (value >= 128) pixels[i] = 255 - value;
  }
}

/** Pillow's L: ITU-R 601 weights in 16-bit fixed point. */
function lumaAt(pixels: Uint8Array, i: number): number {
  return (
    (19595 * (pixels[i] ?? 0) + 38470 * (pixels[i + 1] ?? 0) + 7471 * (pixels[i + 2] ?? 0) + 32768) >> 16
  );
}

/** From `base` at factor 0 through `value` at 1 and beyond, in float32, truncated. */
function blend(base: number, value: number, alpha: number): number {
  const mixed = Math.fround(base + Math.fround(alpha * (value - base)));
  return mixed <= 0 ? 0 : mixed >= 255 ? 255 : Math.trunc(mixed);
}

function blendTable(base: number, factor: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => blend(base, value, Math.fround(factor)));
}

function applyTable(pixels: Uint8Array, table: Uint8Array): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[pixels[i] ?? 0] ?? 0;
}
