/**
 * Lengths of the runs of equal pixels of a mask, column by column: background first, so that a mask whose first
 * pixel belongs to it starts with 0. They sum to the number of pixels.
 */
export type Runs = number[];

/**
 * COCO's compressed form of runs: ASCII characters 48..111, six bits each, of the difference to the run before
 * the last one.
 * Source: `rleToString` of cocoapi, common/maskApi.c.
 */
export function packRuns(runs: Readonly<Runs>): Uint8Array {
  // A 32-bit number takes up to seven characters; nearly all take one or two.
  let bytes = new Uint8Array(runs.length * 2 + 8);
  let at = 0;
  for (let index = 0; index < runs.length; index++) {
    let left = runs[index] ?? 0;
    if (index > 2) left -= runs[index - 2] ?? 0;
    for (let hasMore = true; hasMore;) {
      let bits = left & 0x1f;
      left >>= 5;
      // The top bit of the last character is the sign.
      hasMore = (bits & 0x10) === 0 ? left !== 0 : left !== -1;
      if (hasMore) bits |= 0x20;
      if (at === bytes.length) bytes = grow(bytes);
      bytes[at++] = bits + 48;
    }
  }
  return bytes.slice(0, at);
}

/**
 * The runs of COCO's compressed form.
 * Source: `rleFrString` of cocoapi, common/maskApi.c.
 * @throws RangeError if the bytes do not have that form
 */
export function unpackRuns(rle: Uint8Array): Runs {
  const runs: Runs = [];
  for (let at = 0; at < rle.length;) {
    let value = 0;
    let shift = 0;
    for (let hasMore = true; hasMore; shift += 5) {
      const bits = (rle[at++] ?? -1) - 48;
      if (bits < 0 || bits > 0x3f || shift > 30) throw new RangeError('these bytes are not COCO run lengths');
      value |= (bits & 0x1f) << shift;
      hasMore = (bits & 0x20) !== 0;
      if (!hasMore && (bits & 0x10) !== 0 && shift <= 25) value |= -1 << (shift + 5);
    }
    if (runs.length > 2) value += runs[runs.length - 2] ?? 0;
    if (value < 0) throw new RangeError('these bytes contain a run of negative length');
    runs.push(value);
  }
  return runs;
}

function grow(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2);
  larger.set(bytes);
  return larger;
}
