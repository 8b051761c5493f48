import type { Chance } from './campaign.ts';
import type { Original } from './foreign-originals.ts';

type Mutation = { name: string; apply: (bytes: Buffer, other: Buffer, chance: Chance) => Buffer };

/** Numbers at which sizes and counts go wrong. */
const WORDS = [0, 1, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff] as const;
const JSON_VALUES = [
  '0', '-1', '1.5', '1e300', 'NaN', '-Infinity', '100000', '2147483648', '9007199254740991', 'null', 'true', '""',
  '"x"', '[]', '{}', '[[[[[[[[1]]]]]]]]',
] as const; // prettier-ignore

const ofBytes: readonly [Mutation, ...Mutation[]] = [
  {
    name: 'bits flipped',
    apply: (bytes, _, { whole }) => {
      for (let left = whole(1, 9); left > 0; left--) {
        const at = whole(0, bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << whole(0, 8));
      }
      return bytes;
    },
  },
  { name: 'cut short', apply: (bytes, _, { whole }) => bytes.subarray(0, whole(0, bytes.length)) },
  {
    name: 'a stretch of zeros',
    apply: (bytes, _, { whole }) => {
      const at = whole(0, bytes.length);
      return bytes.fill(0, at, Math.min(bytes.length, at + whole(1, 200)));
    },
  },
  {
    name: 'the head of another',
    apply: (bytes, other, { whole }) => {
      const length = whole(1, Math.min(512, bytes.length, other.length));
      return Buffer.concat([other.subarray(0, length), bytes.subarray(length)]);
    },
  },
  {
    name: 'the rest of another',
    apply: (bytes, other, { whole }) =>
      Buffer.concat([bytes.subarray(0, whole(0, bytes.length)), other.subarray(whole(0, other.length))]),
  },
  {
    name: 'a part twice',
    apply: (bytes, _, { whole }) => {
      const from = whole(0, bytes.length);
      const part = bytes.subarray(from, from + whole(1, 4_096));
      return Buffer.concat([bytes.subarray(0, from), part, bytes.subarray(from)]);
    },
  },
  {
    name: 'another size',
    apply: (bytes, _, { whole, pick }) => {
      if (bytes.length < 8) return bytes;
      // Most sizes stand near the start.
      const at = whole(0, Math.min(bytes.length - 4, pick([64, 1_024, bytes.length])));
      const word = pick(WORDS);
      if (pick([true, false])) bytes.writeUInt32LE(word, at);
      else bytes.writeUInt32BE(word, at);
      return bytes;
    },
  },
];

const ofText: readonly [Mutation, ...Mutation[]] = [
  {
    name: 'another number',
    apply: (bytes, _, { whole, pick }) => {
      const text = bytes.toString();
      const numbers = [...text.matchAll(/-?\d+(\.\d+)?/g)];
      const { 0: number = '', index } = numbers[whole(0, numbers.length)] ?? { index: 0 };
      return Buffer.from(text.slice(0, index) + pick(JSON_VALUES) + text.slice(index + number.length));
    },
  },
  {
    name: 'another value',
    apply: (bytes, _, { whole, pick }) => {
      const text = bytes.toString();
      const values = [...text.matchAll(/(?<=:)("[^"]*"|\[[^\]]*\])/g)];
      const { 0: value = '', index } = values[whole(0, values.length)] ?? { index: 0 };
      return Buffer.from(text.slice(0, index) + pick(JSON_VALUES) + text.slice(index + value.length));
    },
  },
  {
    name: 'a name less',
    apply: (bytes, _, { whole }) => {
      const text = bytes.toString();
      const keys = [...text.matchAll(/"(\w+)":/g)];
      const { index } = keys[whole(0, keys.length)] ?? { index: 0 };
      return Buffer.from(`${text.slice(0, index + 1)}no_${text.slice(index + 1)}`);
    },
  },
];

/** Objects and lists of JSON, tags of XML, rows of numbers. */
const TEXT_STARTS = new Set(Buffer.from('{[<0n'));

/** A copy of an original that chance has damaged, and how. */
export function mutated(
  original: Original,
  other: Uint8Array,
  chance: Chance,
): { bytes: Buffer; how: string } {
  const isText = TEXT_STARTS.has(original.bytes[0] ?? 0) && chance.pick([true, true, false]);
  const { name, apply } = chance.pick(isText ? ofText : ofBytes);
  return { bytes: apply(Buffer.from(original.bytes), Buffer.from(other), chance), how: name };
}
