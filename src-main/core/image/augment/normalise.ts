/** Mean and standard deviation of ImageNet's channels (red, green, blue), for values in [0, 1]. */
export const IMAGE_MEAN = [0.485, 0.456, 0.406] as const;
export const IMAGE_STD = [0.229, 0.224, 0.225] as const;

const CHANNEL_VALUES = 256;

/**
 * What each 8-bit value becomes in each channel: (v / 255 - mean) / std, every operation rounded to float32 as
 * PyTorch does it. SPEC section 1, step 3e.
 * @param mean, std of red, green and blue; ImageNet's by default
 * @returns [3, 256]
 */
export function normalisedValues(
  mean: readonly number[] = IMAGE_MEAN,
  std: readonly number[] = IMAGE_STD,
): Float32Array {
  const table = new Float32Array(3 * CHANNEL_VALUES);
  for (let at = 0; at < table.length; at++) {
    const channel = Math.floor(at / CHANNEL_VALUES);
    const centred = Math.fround((at % CHANNEL_VALUES) / 255) - Math.fround(mean[channel] ?? 0);
    table[at] = Math.fround(centred) / Math.fround(std[channel] ?? 1);
  }
  return table;
}

/**
 * Pixels as the networks read them.
 * @param pixels [H, W, 3] uint8
 * @param table `normalisedValues()`, or another [3, 256]
 * @param out [H, W, 3] float32, written
 */
export function normalisePixels(pixels: Uint8Array, table: Float32Array, out: Float32Array): void {
  for (let i = 0; i < pixels.length; i += 3) {
    out[i] = table[pixels[i] ?? 0] ?? 0;
    out[i + 1] = table[CHANNEL_VALUES + (pixels[i + 1] ?? 0)] ?? 0;
    out[i + 2] = table[2 * CHANNEL_VALUES + (pixels[i + 2] ?? 0)] ?? 0;
  }
}
