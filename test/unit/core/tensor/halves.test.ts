import { describe, expect, test } from 'vitest';
import { floatsToHalves, halvesToFloats, roundedToHalves } from '../../../../src-main/core/tensor/halves.ts';

/** Bits as IEEE 754 has them: sign, five of the exponent, ten of the fraction. */
const KNOWN: [bits: number, value: number][] = [
  [0x0000, 0],
  [0x8000, -0],
  [0x0001, 2 ** -24],
  [0x03ff, 1_023 * 2 ** -24],
  [0x0400, 2 ** -14],
  [0x3c00, 1],
  [0xc100, -2.5],
  [0x7bff, 65_504],
  [0x7c00, Infinity],
  [0xfc00, -Infinity],
  [0x7e00, NaN],
];
const ALL = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);

test('known patterns of bits are their numbers', () => {
  expect([...halvesToFloats(Uint16Array.from(KNOWN, ([bits]) => bits))]).toEqual(
    KNOWN.map(([, value]) => value),
  );
});

test('a part of an array is read from where it begins', () => {
  expect([...halvesToFloats(Uint16Array.of(0x3c00, 0xc100, 0x7bff, 0x7e00).subarray(1, 3))]).toEqual([
    -2.5, 65_504,
  ]);
});

describe.each([
  ['as this Node does it', floatsToHalves],
  ['without the class of Node 24', roundedToHalves],
])('%s', (_case, convert) => {
  test('known numbers have their bits', () => {
    expect([...convert(Float32Array.from(KNOWN, ([, value]) => value))]).toEqual(KNOWN.map(([bits]) => bits));
  });

  test('every half is itself again', () => {
    const isNumber = (bits: number) => (bits & 0x7c00) !== 0x7c00 || (bits & 0x3ff) === 0;
    const again = convert(halvesToFloats(ALL));
    expect(ALL.every((bits) => (isNumber(bits) ? again[bits] === bits : again[bits] === 0x7e00))).toBe(true);
  });

  test('a number in the middle of two halves becomes the even one, and others the nearest', () => {
    // All positive pairs, up to the largest half and what would be the next one.
    const below = ALL.subarray(0, 0x7c00);
    const values = halvesToFloats(below);
    const above = (bits: number) => values[bits + 1] ?? 65_536;
    const middles = Float32Array.from(below, (bits) => ((values[bits] ?? 0) + above(bits)) / 2);
    const nextTo = (direction: number) =>
      new Float32Array(new Uint32Array(middles.buffer).map((bits) => bits + direction).buffer);
    expect(convert(middles).every((bits, at) => bits === at + (at & 1))).toBe(true);
    expect(convert(nextTo(-1)).every((bits, at) => bits === at)).toBe(true);
    expect(convert(nextTo(1)).every((bits, at) => bits === at + 1)).toBe(true);
  });

  test('a part of an array is converted from where it begins', () => {
    expect([...convert(Float32Array.of(9, 1, -2.5, 9).subarray(1, 3))]).toEqual([0x3c00, 0xc100]);
  });
});

test.skipIf(!('Float16Array' in globalThis))('both ways give the same bits for numbers of any size', () => {
  const bits = Uint32Array.from({ length: 2 ** 18 }, (_, at) => Math.imul(at, 0x9e3779b1));
  const floats = new Float32Array(bits.buffer);
  expect(roundedToHalves(floats)).toEqual(floatsToHalves(floats));
});
