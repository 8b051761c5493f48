import type { RawPixels } from './bmp.ts';

const SHORT = 3;
const LONG = 4;
const UNDEFINED = 7;
const HEADER_BYTES = 8;

/**
 * Decoded pixels and their ICC profile as an uncompressed TIFF file in memory.
 *
 * sharp takes raw pixels without a profile only; dressed as a TIFF, they go through the same colour management
 * as every other file. Source: TIFF 6.0; tag 34675 holds the profile (ICC.1:2022, annex B.4).
 */
export function wrapAsTiff({ data, widthPx, heightPx, channels }: RawPixels, icc: Uint8Array): Buffer {
  const pixelsAt = HEADER_BYTES;
  const samplesAt = pixelsAt + data.length + (data.length % 2);
  const iccAt = samplesAt + 8;
  const directoryAt = iccAt + icc.length + (icc.length % 2);
  const tags: [tag: number, type: number, count: number, value: number][] = [
    [256, LONG, 1, widthPx],
    [257, LONG, 1, heightPx],
    [258, SHORT, channels, samplesAt],
    [259, SHORT, 1, 1], // no compression
    [262, SHORT, 1, 2], // RGB
    [273, LONG, 1, pixelsAt],
    [277, SHORT, 1, channels],
    [278, LONG, 1, heightPx], // one strip
    [279, LONG, 1, data.length],
    ...(channels === 4 ? [[338, SHORT, 1, 2] satisfies [number, number, number, number]] : []), // unassociated
    [34675, UNDEFINED, icc.length, iccAt],
  ];
  const file = Buffer.alloc(directoryAt + 2 + tags.length * 12 + 4);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(directoryAt, 4);
  file.set(data, pixelsAt);
  for (let c = 0; c < channels; c++) file.writeUInt16LE(8, samplesAt + c * 2);
  file.set(icc, iccAt);
  file.writeUInt16LE(tags.length, directoryAt);
  tags.forEach(([tag, type, count, value], index) => {
    const at = directoryAt + 2 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
  });
  return file;
}
