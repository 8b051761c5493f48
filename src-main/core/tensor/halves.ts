/** What each pattern of 16 bits stands for: V8 is slower to convert a Float16Array. */
const VALUES = Float32Array.from(
  new Float16Array(Uint16Array.from({ length: 65_536 }, (_, bits) => bits).buffer),
);

/** Half-precision numbers in single precision, all of them exactly. */
export function halvesToFloats(halves: Float16Array): Float32Array<ArrayBuffer> {
  const into = new Float32Array(halves.length);
  const bits = new Uint16Array(halves.buffer, halves.byteOffset, halves.length);
  for (let at = 0; at < bits.length; at++) into[at] = VALUES[bits[at] ?? 0] ?? 0;
  return into;
}
