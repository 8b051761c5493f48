const SHORT = 3;
/** More than this no directory has. */
const MAX_ENTRIES = 4_096;
/** Size and places of a directory's parts: TIFF counts with 32 bits, BigTIFF with 64. */
const CLASSIC = { countBytes: 2, entryBytes: 12, inlineBytes: 4 };
const BIG = { countBytes: 8, entryBytes: 20, inlineBytes: 8 };

/** Numbers of the tags that are asked for here. */
export const TIFF_TAGS = {
  bitsPerSample: 258,
  compression: 259,
  orientation: 274,
  samplesPerPixel: 277,
  extraSamples: 338,
} as const;

/**
 * The tags of the first directory of a TIFF or BigTIFF file, or of EXIF data: the first value of each that has whole
 * numbers. Source: TIFF 6.0 §2.
 * @returns undefined where there is no directory inside the bytes
 */
export function readTiffTags(bytes: Buffer): ReadonlyMap<number, number> | undefined {
  try {
    return readDirectory(bytes);
  } catch (error) {
    // A place beyond the end of the file.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readDirectory(bytes: Buffer): Map<number, number> | undefined {
  const order = bytes.toString('latin1', 0, 2);
  if (order !== 'II' && order !== 'MM') return undefined;
  const isLittleEndian = order === 'II';
  const short = (at: number) => (isLittleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const long = (at: number) => (isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const wide = (at: number) => Number(isLittleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  const isBig = short(2) === 43;
  const { countBytes, entryBytes, inlineBytes } = isBig ? BIG : CLASSIC;
  const place = isBig ? wide : long;
  const directoryAt = place(isBig ? 8 : 4);
  const entries = Math.min(isBig ? wide(directoryAt) : short(directoryAt), MAX_ENTRIES);
  const tags = new Map<number, number>();
  for (let entry = 0; entry < entries; entry++) {
    const at = directoryAt + countBytes + entry * entryBytes;
    const isShort = short(at + 2) === SHORT;
    const valueAt = at + entryBytes - inlineBytes;
    // Values that do not fit the entry are elsewhere.
    const isInline = place(at + 4) * (isShort ? 2 : 4) <= inlineBytes;
    const from = isInline ? valueAt : place(valueAt);
    if (from + 4 <= bytes.length) tags.set(short(at), isShort ? short(from) : long(from));
  }
  return tags;
}
