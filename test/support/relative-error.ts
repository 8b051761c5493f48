import type { HostData } from '../../src-main/core/tensor/dtype.ts';

/** Largest difference over the reference's root mean square; infinite where sizes differ or not finite. */
export function relativeError(actual: HostData | undefined, reference: HostData): number {
  if (actual?.length !== reference.length) return Infinity;
  let sumSquares = 0;
  let largest = 0;
  for (const [index, value] of reference.entries()) {
    sumSquares += value * value;
    const difference = Math.abs((actual[index] ?? NaN) - value);
    largest = Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }
  if (largest === 0) return 0;
  const rms = Math.sqrt(sumSquares / reference.length);
  return rms === 0 ? largest : largest / rms;
}
