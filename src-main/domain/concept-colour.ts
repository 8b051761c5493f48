/** The angle between the hues of consecutive concepts: consecutive ones differ, however many there are. */
const GOLDEN_ANGLE = 137.508;

/** The colour of a new concept, by its number from 1: light enough to see an image through. */
export function conceptColour(number: number): string {
  const hue = ((number - 1) * GOLDEN_ANGLE) % 360;
  const channel = (offset: number) => {
    const k = (offset + hue / 30) % 12;
    const value = 0.55 - 0.35 * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}
