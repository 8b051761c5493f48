const SHORT = 3;
/** The first byte of `II`. */
const LITTLE_ENDIAN = 0x49;
/** Of the tag `SampleFormat`. */
const UNSIGNED = 1;
/** More than this no directory has. */
const MAX_ENTRIES = 4_096;
/** Size and places of a directory's parts: TIFF counts with 32 bits, BigTIFF with 64. */
const CLASSIC = { countBytes: 2, entryBytes: 12, inlineBytes: 4 };
const BIG = { countBytes: 8, entryBytes: 20, inlineBytes: 8 };

/** Numbers of the tags that are asked for here. */
export const TIFF_TAGS = {
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  orientation: 274,
  samplesPerPixel: 277,
  extraSamples: 338,
  sampleFormat: 339,
} as const;

export type TiffTags = ReadonlyMap<number, number>;

/** Whether the channel behind the colours is transparency: 1 is premultiplied, 2 is not. Source: TIFF 6.0 §18. */
export function hasRealAlpha(tags: TiffTags | undefined): boolean {
  const kind = tags?.get(TIFF_TAGS.extraSamples);
  return kind === 1 || kind === 2;
}

/**
 * The tags of the first directory of a TIFF or BigTIFF file, or of EXIF data: the first value of each that has whole
 * numbers. Source: TIFF 6.0 §2.
 * @returns undefined where there is no directory inside the bytes
 */
export function readTiffTags(bytes: Buffer): TiffTags | undefined {
  const entries = entriesOf(bytes);
  return entries && new Map([...entries].map(([tag, { value }]) => [tag, value]));
}

/**
 * The same TIFF with samples that are said to have no sign: libvips cuts off negative ones of 16 bits otherwise. Their
 * bits stay what they are.
 */
export function withUnsignedSamples(bytes: Buffer): Buffer {
  const format = entriesOf(bytes)?.get(TIFF_TAGS.sampleFormat);
  if (!format?.isShort) return bytes;
  const copy = Buffer.from(bytes);
  for (let index = 0; index < format.count; index++) {
    const at = format.at + 2 * index;
    if (copy[0] === LITTLE_ENDIAN) copy.writeUInt16LE(UNSIGNED, at);
    else copy.writeUInt16BE(UNSIGNED, at);
  }
  return copy;
}

type Entry = { at: number; count: number; isShort: boolean; value: number };

function entriesOf(bytes: Buffer): Map<number, Entry> | undefined {
  try {
    return readDirectory(bytes);
  } catch (error) {
    // A place beyond the end of the file.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readDirectory(bytes: Buffer): Map<number, Entry> | undefined {
  const order = bytes.toString('latin1', 0, 2);
  if (order !== 'II' && order !== 'MM') return undefined;
  const isLittleEndian = bytes[0] === LITTLE_ENDIAN;
  const short = (at: number) => (isLittleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const long = (at: number) => (isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const wide = (at: number) => Number(isLittleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  const isBig = short(2) === 43;
  const { countBytes, entryBytes, inlineBytes } = isBig ? BIG : CLASSIC;
  const place = isBig ? wide : long;
  const directoryAt = place(isBig ? 8 : 4);
  const count = Math.min(isBig ? wide(directoryAt) : short(directoryAt), MAX_ENTRIES);
  const entries = new Map<number, Entry>();
  for (let index = 0; index < count; index++) {
    const entryAt = directoryAt + countBytes + index * entryBytes;
    const isShort = short(entryAt + 2) === SHORT;
    const valueAt = entryAt + entryBytes - inlineBytes;
    const items = place(entryAt + 4);
    // Values that do not fit the entry are elsewhere.
    const itemBytes = isShort ? 2 : 4;
    const at = items * itemBytes <= inlineBytes ? valueAt : place(valueAt);
    if (at + items * itemBytes > bytes.length) continue;
    entries.set(short(entryAt), { at, count: items, isShort, value: isShort ? short(at) : long(at) });
  }
  return entries;
}
