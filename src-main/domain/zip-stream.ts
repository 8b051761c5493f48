import { crc32 } from 'node:zlib';

type Parts<T> = AsyncIterable<T> | Iterable<T>;

export type ZipEntry = {
  /** With forward slashes. */
  name: string;
  /** What is expected; what `open` gives counts. */
  sizeBytes: number;
  changedAt: Date;
  open: () => Parts<Uint8Array>;
};

type Written = { name: Buffer; time: number; crc: number; size: number; offset: number; isLarge: boolean };

const LARGE = 0xffffffff;
const MANY = 0xffff;
/** Sizes and checksum follow the data; names are UTF-8. */
const FLAGS = 0x0808;
const VERSION = 45;
const ZIP64_EXTRA = 0x0001;

/**
 * A ZIP file made while it is read, of entries as they are: pictures do not get smaller. Sizes may be of any number of bytes (ZIP64).
 * Libraries that were tried: yazl looks through all earlier entries for each one, which takes too long for 100,000 images; client-zip
 * loses entries beyond 65,535.
 * Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
 */
export async function* zipOf(entries: Parts<ZipEntry>): AsyncGenerator<Uint8Array> {
  const written: Written[] = [];
  let offset = 0;
  for await (const entry of entries) {
    const name = Buffer.from(entry.name, 'utf8');
    const time = dosTime(entry.changedAt);
    // A file that grows meanwhile beyond what its header can say would be unreadable: half is room enough.
    const isLarge = entry.sizeBytes >= LARGE / 2;
    const start = offset;
    const header = localHeader({ name, time, isLarge });
    yield header;
    let [crc, size] = [0, 0];
    for await (const bytes of entry.open()) {
      crc = crc32(bytes, crc);
      size += bytes.length;
      yield bytes;
    }
    const trailer = dataDescriptor({ crc, size, isLarge });
    yield trailer;
    offset += header.length + size + trailer.length;
    written.push({ name, time, crc, size, offset: start, isLarge });
  }
  const directoryStart = offset;
  for (const one of written) {
    const record = directoryRecord(one);
    yield record;
    offset += record.length;
  }
  yield endOf({
    count: written.length,
    start: directoryStart,
    size: offset - directoryStart,
    hasLarge: written.some(({ isLarge }) => isLarge),
  });
}

function localHeader({ name, time, isLarge }: Pick<Written, 'name' | 'time' | 'isLarge'>): Buffer {
  const extra = isLarge ? zip64Extra([0, 0]) : Buffer.alloc(0);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(FLAGS, 6);
  header.writeUInt32LE(time, 10);
  header.writeUInt32LE(isLarge ? LARGE : 0, 18);
  header.writeUInt32LE(isLarge ? LARGE : 0, 22);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, name, extra]);
}

function dataDescriptor({ crc, size, isLarge }: Pick<Written, 'crc' | 'size' | 'isLarge'>): Buffer {
  const record = Buffer.alloc(isLarge ? 24 : 16);
  record.writeUInt32LE(0x08074b50, 0);
  record.writeUInt32LE(crc, 4);
  if (isLarge) {
    record.writeBigUInt64LE(BigInt(size), 8);
    record.writeBigUInt64LE(BigInt(size), 16);
  } else {
    record.writeUInt32LE(size, 8);
    record.writeUInt32LE(size, 12);
  }
  return record;
}

function directoryRecord({ name, time, crc, size, offset, isLarge }: Written): Buffer {
  const isFar = isLarge || offset >= LARGE;
  const extra = isFar ? zip64Extra([size, size, offset]) : Buffer.alloc(0);
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(VERSION, 4);
  record.writeUInt16LE(VERSION, 6);
  record.writeUInt16LE(FLAGS, 8);
  record.writeUInt32LE(time, 12);
  record.writeUInt32LE(crc, 16);
  record.writeUInt32LE(isFar ? LARGE : size, 20);
  record.writeUInt32LE(isFar ? LARGE : size, 24);
  record.writeUInt16LE(name.length, 28);
  record.writeUInt16LE(extra.length, 30);
  record.writeUInt32LE(isFar ? LARGE : offset, 42);
  return Buffer.concat([record, name, extra]);
}

type Directory = { count: number; start: number; size: number; hasLarge: boolean };

/** Some readers look for large entries only if the end is a large one. */
function endOf({ count, start, size, hasLarge }: Directory): Buffer {
  const isLarge = hasLarge || count >= MANY || start >= LARGE || size >= LARGE;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(isLarge ? MANY : count, 8);
  end.writeUInt16LE(isLarge ? MANY : count, 10);
  end.writeUInt32LE(isLarge ? LARGE : size, 12);
  end.writeUInt32LE(isLarge ? LARGE : start, 16);
  if (!isLarge) return end;
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(VERSION, 12);
  record.writeUInt16LE(VERSION, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(start + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, end]);
}

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * values.length);
  extra.writeUInt16LE(ZIP64_EXTRA, 0);
  extra.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, at) => extra.writeBigUInt64LE(BigInt(value), 4 + 8 * at));
  return extra;
}

/** Time in the lower half and day in the upper one, to two seconds, from 1980 on. */
function dosTime(date: Date): number {
  const year = Math.min(127, Math.max(0, date.getFullYear() - 1980));
  const day = (year << 9) | ((date.getMonth() + 1) << 5) | date.getDate();
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
  return ((day << 16) | time) >>> 0;
}
