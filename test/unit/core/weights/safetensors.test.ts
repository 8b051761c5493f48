import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../../src-main/contract/errors.ts';
import {
  SafetensorsFile,
  writeSafetensors,
  type TensorSource,
} from '../../../../src-main/core/weights/safetensors.ts';
import {
  bytesOf,
  STORED_BYTES,
  toFloat32,
  toInt32,
  type StoredDtype,
} from '../../../../src-main/core/weights/stored-tensor.ts';
import { sizeOf } from '../../../../src-main/core/tensor/shape.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

type Header = Record<string, unknown>;

/** A file with any header, right or wrong. */
function fileOf(header: Header | string | Uint8Array, dataBytes = 0, length?: bigint): string {
  const text = header instanceof Uint8Array ? header : Buffer.from(asText(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(text.length));
  const path = join(tempFolder(), 'weights.safetensors');
  writeFileSync(path, Buffer.concat([prefix, text, Buffer.alloc(dataBytes)]));
  return path;
}

const asText = (header: Header | string) => (typeof header === 'string' ? header : JSON.stringify(header));

async function refusalOf(path: string): Promise<string> {
  try {
    await using file = await SafetensorsFile.open(path);
    return `accepted ${[...file.tensors.keys()].join()}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.code).toBe('WEIGHTS_DAMAGED');
    return error.message;
  }
}

const f32 = (begin: number, end: number, shape: number[] = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('a safetensors file', () => {
  test.each<[string, string, () => string]>([
    ['is shorter than its own length field', 'ends at byte 3', () => shortFile()],
    ['announces a header beyond its end', 'announces a header of 900', () => fileOf({}, 0, 900n)],
    ['announces a header of 2^63', 'announces a header', () => fileOf({}, 0, 2n ** 63n)],
    ['holds no JSON', 'not JSON text', () => fileOf('{"a":')],
    ['holds another JSON value', 'not a JSON object', () => fileOf('[]')],
    ['holds text that is not UTF-8', 'not JSON text', () => fileOf(Uint8Array.of(0x7b, 0xff, 0x7d))],
    ['is nested deeply', 'nested deeper', () => fileOf('['.repeat(100_000))],
    [
      'repeats a tensor',
      'occurs twice',
      () => fileOf(`{"a":${asText(f32(0, 4))},"\\u0061":${asText(f32(0, 4))}}`, 4),
    ],
    [
      'repeats a field',
      '"dtype" occurs twice',
      () => fileOf(`{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}`, 4),
    ],
    [
      'holds an unknown type',
      "tensor 'a': its entry.dtype",
      () => fileOf({ a: { ...f32(0, 4), dtype: 'F33' } }, 4),
    ],
    [
      'lacks a field',
      "tensor 'a': its entry.shape",
      () => fileOf({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4),
    ],
    ['has a field too many', "tensor 'a'", () => fileOf({ a: { ...f32(0, 4), strides: [1] } }, 4)],
    ['has a negative size', "tensor 'a': its entry.shape.0", () => fileOf({ a: f32(0, 4, [-1]) }, 4)],
    ['has a fraction as size', "tensor 'a': its entry.shape.0", () => fileOf({ a: f32(0, 4, [0.5]) }, 4)],
    [
      'has a rank of 33',
      "tensor 'a': its entry.shape",
      () => fileOf({ a: f32(0, 4, Array<number>(33).fill(1)) }, 4),
    ],
    [
      'has a size beyond all numbers',
      "tensor 'a' of F32",
      () => fileOf({ a: f32(0, 4, [2 ** 30, 2 ** 30, 2 ** 30]) }, 4),
    ],
    ['has a range too short', "tensor 'a' of F32 [2] needs 8 bytes", () => fileOf({ a: f32(0, 4, [2]) }, 4)],
    ['has a range backwards', "tensor 'a'", () => fileOf({ a: f32(4, 0, [1]) }, 4)],
    ['has overlapping tensors', "'b' overlaps", () => fileOf({ a: f32(0, 8), b: f32(4, 12) }, 12)],
    ['has a gap', '4 bytes before', () => fileOf({ a: f32(0, 4), b: f32(8, 12) }, 12)],
    ['is truncated', 'its tensors need', () => fileOf({ a: f32(0, 400) }, 399)],
    ['has bytes left over', '1 bytes at its end', () => fileOf({ a: f32(0, 4) }, 5)],
    ['has metadata that is no text', 'metadata', () => fileOf({ __metadata__: { a: 1 } })],
  ])('that %s is refused', async (_, message, make) => {
    expect(await refusalOf(make())).toContain(message);
  });

  test('that does not exist, or is a folder, is named', async () => {
    const folder = tempFolder();
    await expect(SafetensorsFile.open(join(folder, 'none'))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
    await expect(SafetensorsFile.open(folder)).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
  });

  test('may hold names that JavaScript objects know', async () => {
    const path = join(tempFolder(), 'odd.safetensors');
    const one = { dtype: 'U8', shape: [1], bytes: () => Uint8Array.of(7) } as const;
    const names = ['__proto__', 'constructor', 'toString', '7', 'a"b\\', 'größe'];
    await writeSafetensors(
      path,
      names.map((name) => ({ name, ...one })),
    );
    await using file = await SafetensorsFile.open(path);
    expect([...file.tensors.keys()].toSorted()).toEqual(names.toSorted());
    expect([...(await file.read('__proto__')).bytes]).toEqual([7]);
  });

  test('says its checksum, both when written and when opened', async () => {
    const path = join(tempFolder(), 'a.safetensors');
    const bytes = () => randomBytes(4_000_000);
    const written = await writeSafetensors(path, [{ name: 'a', dtype: 'U8', shape: [4_000_000], bytes }]);
    expect(written.sizeBytes).toBe(readFileSync(path).length);
    await using file = await SafetensorsFile.open(path);
    expect(Buffer.from(await file.sha256())).toEqual(Buffer.from(written.sha256));
  });

  test('that cannot be written whole leaves the one before it, and nothing else', async () => {
    const folder = tempFolder();
    const path = join(folder, 'a.safetensors');
    const good: TensorSource = { name: 'a', dtype: 'U8', shape: [1], bytes: () => Uint8Array.of(1) };
    await writeSafetensors(path, [good]);
    const before = readFileSync(path);
    const wrong = { ...good, name: 'b', bytes: () => new Uint8Array(2) };
    await expect(writeSafetensors(path, [good, wrong])).rejects.toThrow("tensor 'b' needs 1 bytes, got 2");
    await expect(writeSafetensors(path, [good, good])).rejects.toThrow("'a' is given twice");
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
  });

  test('that has no folder to lie in is refused', async () => {
    await expect(writeSafetensors(join(tempFolder(), 'none', 'a'), [])).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
  });

  test('comes back as it was written, every tensor aligned', async () => {
    const folder = tempFolder();
    await fc.assert(
      fc.asyncProperty(anyTensors, fc.dictionary(fc.string(), fc.string()), async (tensors, metadata) => {
        const path = join(folder, 'any.safetensors');
        const sources = tensors.map(({ data, ...rest }) => ({ ...rest, bytes: () => data }));
        await writeSafetensors(path, sources, metadata);
        await using file = await SafetensorsFile.open(path);
        expect([...file.metadata]).toEqual(Object.entries(metadata));
        expect(file.tensors.size).toBe(tensors.length);
        for (const { name, dtype, shape, data } of tensors) {
          expect(Number(file.tensors.get(name)?.offset) % STORED_BYTES[dtype]).toBe(0);
          const read = await file.read(name);
          expect({ ...read, bytes: [...read.bytes] }).toEqual({ dtype, shape, bytes: [...data] });
        }
      }),
      { numRuns: 60, seed: 1353328530 },
    );
  });

  test('with any byte changed is read or refused, and never brings a bug to light', async () => {
    const path = join(tempFolder(), 'a.safetensors');
    const bytes = () => new Uint8Array(8);
    const tensors = ['a', 'b'].map((name) => ({ name, dtype: 'F16', shape: [2, 2], bytes }) as const);
    await writeSafetensors(path, tensors, { format: 'pt' });
    const whole = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, byte, end) => {
        const changed = Uint8Array.from(whole);
        changed[at] = byte;
        writeFileSync(path, changed.subarray(0, end || whole.length));
        const refusal = await refusalOf(path);
        expect(refusal).toBeTypeOf('string');
      }),
      { numRuns: 1_000, seed: 7 },
    );
  });
});

describe('elements', () => {
  const of = (dtype: StoredDtype, array: Float32Array | Float64Array | Uint16Array) => ({
    dtype,
    shape: [array.length],
    bytes: new Uint8Array(array.buffer.slice(0) as ArrayBuffer),
  });

  test('become float32 from every floating-point type', () => {
    const numbers = [0, -0, 1, -2.25, 0.1, 65_504, 2 ** -24, Infinity, NaN];
    expect([...toFloat32(of('F32', Float32Array.from(numbers)))]).toEqual(numbers.map(Math.fround));
    expect([...toFloat32(of('F64', Float64Array.from(numbers)))]).toEqual(numbers.map(Math.fround));
    // 0.1 is rounded; all others are halves themselves.
    const halves = Uint16Array.of(0, 0x8000, 0x3c00, 0xc080, 0x2e66, 0x7bff, 1, 0x7c00, 0x7e00);
    expect([...toFloat32(of('F16', halves))]).toEqual(numbers.with(4, 1_638 / 2 ** 14));
    // 1, -2.25, infinity and the smallest subnormal number of bfloat16
    const bf16 = Uint16Array.of(0x3f80, 0xc010, 0x7f80, 1);
    expect([...toFloat32(of('BF16', bf16))]).toEqual([1, -2.25, Infinity, 2 ** -133]);
  });

  test('are read wherever they lie in memory', () => {
    const bytes = new Uint8Array(9);
    bytes.set(bytesOf(Float32Array.of(1, -2)), 1);
    expect([...toFloat32({ dtype: 'F32', shape: [2], bytes: bytes.subarray(1) })]).toEqual([1, -2]);
    bytes.set(bytesOf(Int32Array.of(1, -2)), 1);
    expect([...toInt32({ dtype: 'I32', shape: [2], bytes: bytes.subarray(1) })]).toEqual([1, -2]);
  });

  test('that are integers do not become fractions, nor the other way', () => {
    const bytes = new Uint8Array(8);
    expect(() => toFloat32({ dtype: 'I64', shape: [1], bytes })).toThrow('I64 is not a floating-point type');
    expect(() => toInt32({ dtype: 'F32', shape: [2], bytes })).toThrow('F32 is not I32');
  });
});

const anyTensor = fc
  .record({
    name: fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__'),
    dtype: fc.constantFrom(...(Object.keys(STORED_BYTES) as StoredDtype[])),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
  })
  .chain((tensor) => {
    const length = sizeOf(tensor.shape) * STORED_BYTES[tensor.dtype];
    return fc.uint8Array({ minLength: length, maxLength: length }).map((data) => ({ ...tensor, data }));
  });
const anyTensors = fc.uniqueArray(anyTensor, { selector: ({ name }) => name, maxLength: 8 });

function shortFile(): string {
  const path = join(tempFolder(), 'short.safetensors');
  writeFileSync(path, Buffer.alloc(3));
  return path;
}
