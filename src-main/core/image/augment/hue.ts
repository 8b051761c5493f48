/**
 * Turns the hue by way of Pillow's 8-bit HSV, in place: SPEC section 1, step 3a.
 *
 * Going through 8 bits changes colours slightly even at a shift of 0, as it does there.
 * @param pixels [pixels, 3] uint8
 * @param shift in [-0.5, 0.5] of a full turn
 */
export function shiftHue(pixels: Uint8Array, shift: number): void {
  const turn = Math.trunc(shift * 255) & 255;
  for (let i = 0; i < pixels.length; i += 3) {
    const r = pixels[i] ?? 0;
    const g = pixels[i + 1] ?? 0;
    const b = pixels[i + 2] ?? 0;
    const value = r > g ? (r > b ? r : b) : g > b ? g : b;
    const range = value - (r < g ? (r < b ? r : b) : g < b ? g : b);
    if (range === 0) continue;
    const saturation = Math.trunc(Math.fround(Math.fround(range / value) * 255));
    if (saturation === 0) pixels.fill(value, i, i + 3);
    else writeColour(pixels, i, { hue: (hueOf(r, g, b, value, range) + turn) & 255, saturation, value });
  }
}

/** Hue in [0, 255], truncated. */
function hueOf(r: number, g: number, b: number, value: number, range: number): number {
  const f = Math.fround;
  const red = f((value - r) / range);
  const green = f((value - g) / range);
  const blue = f((value - b) / range);
  const sixths = r === value ? f(blue - green) : g === value ? f(2 + red - blue) : f(4 + green - red);
  const turns = sixths / 6 + 1;
  return Math.trunc(f(turns >= 1 ? turns - 1 : turns) * 255);
}

function writeColour(
  pixels: Uint8Array,
  i: number,
  { hue, saturation, value }: { hue: number; saturation: number; value: number },
): void {
  const share = Math.fround(saturation / 255);
  const place = Math.fround((hue * 6) / 255);
  const sector = Math.floor(place);
  const within = Math.fround(place - sector);
  const p = Math.round(value * (1 - share));
  const q = Math.round(value * (1 - share * within));
  const t = Math.round(value * (1 - share * (1 - within)));
  const isEven = sector % 2 === 0;
  // Of the three channels one has the full value, one the least and one lies between, in six arrangements.
  const half = (sector % 6) >> 1;
  pixels[i + half] = isEven ? value : q;
  pixels[i + ((half + 1) % 3)] = isEven ? t : value;
  pixels[i + ((half + 2) % 3)] = p;
}
