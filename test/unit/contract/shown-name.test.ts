import { describe, expect, test } from 'vitest';
import { ShownName } from '../../../src-main/contract/shown-name.ts';

describe('a name', () => {
  test.each([
    ['  cats ', 'cats'],
    ['cats\tand\r\ndogs', 'cats and dogs'],
    ['a\u0000\u001b[31mb', 'a [31mb'],
    ['line\u2028line', 'line line'],
    ['ünï 猫 🐈', 'ünï 猫 🐈'],
  ])('%j becomes %j', (given, expected) => {
    expect(ShownName.parse(given)).toBe(expected);
  });

  test.each(['', ' ', '\n', '\u0007\t'])('%j is refused', (given) => {
    expect(ShownName.safeParse(given).success).toBe(false);
  });

  test('has at most 200 characters', () => {
    expect(ShownName.safeParse('x'.repeat(200)).success).toBe(true);
    expect(ShownName.safeParse('x'.repeat(201)).success).toBe(false);
  });
});
