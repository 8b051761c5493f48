/**
 * The colours of Pascal VOC, which viewers of label PNGs expect: number 1 is dark red, and so on.
 * Source: VOCdevkit, VOClabelcolormap.m: the bits of the number, spread over the highest bits of the channels.
 * @returns 256 colours as `#rrggbb`
 */
export function vocPalette(): string[] {
  return Array.from({ length: 256 }, (_, number) => {
    let [r, g, b] = [0, 0, 0];
    for (let bits = number, shift = 7; bits > 0; bits >>= 3, shift--) {
      r |= (bits & 1) << shift;
      g |= ((bits >> 1) & 1) << shift;
      b |= ((bits >> 2) & 1) << shift;
    }
    return `#${[r, g, b].map((value) => value.toString(16).padStart(2, '0')).join('')}`;
  });
}

/** The channels of a colour written `#rrggbb`. */
export function channelsOf(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
}
