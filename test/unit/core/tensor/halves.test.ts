import { expect, test } from 'vitest';
import { halvesToFloats } from '../../../../src-main/core/tensor/halves.ts';

test('every half-precision number is the same in single precision', () => {
  const all = new Float16Array(Uint16Array.from({ length: 65_536 }, (_, bits) => bits).buffer);
  const floats = halvesToFloats(all);
  expect(floats).toHaveLength(all.length);
  expect(all.every((half, at) => Object.is(half, floats[at]))).toBe(true);
});

test('a part of an array is read from where it begins', () => {
  const halves = Float16Array.of(1, -2.5, 65_504, Number.NaN).subarray(1, 3);
  expect([...halvesToFloats(halves)]).toEqual([-2.5, 65_504]);
});
