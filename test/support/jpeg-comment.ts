/** The same picture with another content: a comment segment after the start marker, at no cost. @param index up to 2^32 - 1 */
export function withComment(jpeg: Buffer, index: number): Buffer {
  const comment = Buffer.from([0xff, 0xfe, 0, 6, 0, 0, 0, 0]);
  comment.writeUInt32BE(index, 4);
  return Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
}
