/** Turns between the hues of neighbouring numbers: the golden angle never comes close to an earlier hue soon. */
const GOLDEN_TURN = 0.618_033_988_749_895;
/** Lightness alternates, so that hues that are alike differ in it. */
const LIGHTNESS = [0.62, 0.48, 0.74] as const;
const SATURATION = 0.62;

/** Colours for regions by their number, as `#rrggbb`: always the same ones, each as different from those before as can be. */
export function regionPalette(count: number): string[] {
  return Array.from({ length: count }, (_, number) =>
    fromHsl((0.58 + number * GOLDEN_TURN) % 1, SATURATION, LIGHTNESS[number % LIGHTNESS.length] ?? 0.6),
  );
}

/** All in [0, 1]. */
function fromHsl(hue: number, saturation: number, lightness: number): string {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number) => {
    const place = (offset + hue * 12) % 12;
    const value = lightness - reach * Math.max(-1, Math.min(place - 3, 9 - place, 1));
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}
