/** Greatest absolute difference of two arrays of one length; NaN if either holds one. */
export function greatestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) {
    throw new Error(`${actual.length} elements, where ${expected.length} were expected`);
  }
  let greatest = 0;
  for (let at = 0; at < actual.length; at++) {
    greatest = Math.max(greatest, Math.abs((actual[at] ?? NaN) - (expected[at] ?? NaN)));
  }
  return greatest;
}

/** Mean absolute difference of two arrays of one length. */
export function meanDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < actual.length; at++) sum += Math.abs((actual[at] ?? NaN) - (expected[at] ?? NaN));
  return sum / actual.length;
}
