/** Frames of JPEG that decoders for photographs do not know. Source: ITU-T T.81, table B.1. */
const UNREAD_FRAMES: Readonly<Record<number, string>> = {
  0xc3: 'is lossless JPEG',
  0xc5: 'is hierarchical JPEG',
  0xc6: 'is hierarchical JPEG',
  0xc7: 'is hierarchical JPEG',
  0xc9: 'uses arithmetic coding',
  0xca: 'uses arithmetic coding',
  0xcb: 'is lossless JPEG',
  0xcd: 'is hierarchical JPEG',
  0xce: 'is hierarchical JPEG',
  0xcf: 'is hierarchical JPEG',
};
const START_OF_SCAN = 0xda;

/**
 * What makes a JPEG, which may be whole, unreadable here: its coding, or more than 8 bits per sample.
 * @returns one sentence with the next step; undefined where it has nothing of that kind
 */
export function unreadJpeg(bytes: Buffer): string | undefined {
  for (let at = 2; at + 5 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === START_OF_SCAN) return undefined;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return unreadFrame(marker, bytes[at + 4] ?? 8);
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

function unreadFrame(marker: number, bits: number): string | undefined {
  const what = UNREAD_FRAMES[marker] ?? (bits === 8 ? undefined : `has ${bits} bits per sample`);
  return what && `This JPEG file ${what}, which cannot be read: export it as PNG or as a JPEG with 8 bits.`;
}
