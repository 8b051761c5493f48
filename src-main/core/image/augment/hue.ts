/** Position of each of the 256 hues on the wheel of six sectors. */
const SECTOR = new Uint8Array(256);
const WITHIN_SECTOR = new Float32Array(256);
for (let hue = 0; hue < 256; hue++) {
  const place = Math.fround((hue * 6) / 255);
  SECTOR[hue] = Math.floor(place);
  WITHIN_SECTOR[hue] = place - Math.floor(place);
}

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
    const hue = (hueOf(r, g, b, value, range) + turn) & 255;
    writeColour(pixels, i, hue, saturation, value);
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

/** The arguments are scalars because this runs for every pixel. A saturation of 0 gives a grey. */
function writeColour(pixels: Uint8Array, i: number, hue: number, saturation: number, value: number): void {
  const sector = SECTOR[hue] ?? 0;
  const within = WITHIN_SECTOR[hue] ?? 0;
  const share = Math.fround(saturation / 255);
  const isEven = (sector & 1) === 0;
  const least = rounded(value * (1 - share));
  // Rising from the lowest or falling from the highest value.
  const between = rounded(value * (1 - share * (isEven ? 1 - within : within)));
  const [second, third] = isEven ? [value, between] : [between, value];
  // Of the three channels one has the full value, one the least and one lies between, in six arrangements.
  switch ((sector % 6) >> 1) {
    case 0:
      pixels[i] = second;
      pixels[i + 1] = third;
      pixels[i + 2] = least;
      return;
    case 1:
      pixels[i] = least;
      pixels[i + 1] = second;
      pixels[i + 2] = third;
      return;
    default:
      pixels[i] = third;
      pixels[i + 1] = least;
      pixels[i + 2] = second;
  }
}

/** Math.round for what is not negative. */
function rounded(value: number): number {
  return (value + 0.5) | 0;
}
