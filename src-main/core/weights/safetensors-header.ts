import { z } from 'zod';
import { sizeOf } from '../tensor/shape.ts';
import type { TensorContents, TensorEntry } from './plain-tensor-file.ts';
import type { RandomAccessFile } from './random-access-file.ts';
import { STORED_BYTES, type StoredDtype } from './stored-tensor.ts';
import { findRepeatedKey } from './unique-keys.ts';
import { damagedFile } from './weights-error.ts';

/** Bytes of the header's length, a little-endian unsigned integer at the start of the file. */
export const LENGTH_BYTES = 8;
/** Enough for as many tensors as are read; real headers stay below 1 MiB. */
const MAX_HEADER_BYTES = 16 * 2 ** 20;
const MAX_TENSORS = 100_000;
/** An object of objects that hold arrays. */
const MAX_DEPTH = 3;
const MAX_RANK = 32;
/** The only entry of a header that is not a tensor. */
export const METADATA_KEY = '__metadata__';

const Count = z.number().int().min(0);
const Entry = z.strictObject({
  // zod infers the members of the enumeration from the keys of the table.
  dtype: z.enum(Object.keys(STORED_BYTES) as [StoredDtype, ...StoredDtype[]]),
  shape: z.array(Count).max(MAX_RANK),
  data_offsets: z.tuple([Count, Count]),
});

/**
 * Reads and checks a header: its size, every name, type, shape and range. Ranges must cover the file from the
 * first byte after the header to the last, without gaps or overlaps.
 * @throws UserError WEIGHTS_DAMAGED naming the tensor at fault
 */
export async function readHeader(file: RandomAccessFile): Promise<TensorContents> {
  const fail = (problem: string): never => {
    throw damagedFile(file.path, problem);
  };
  const lengthBytes = await file.read(0, LENGTH_BYTES);
  const headerBytes = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > file.sizeBytes - LENGTH_BYTES) {
    fail(`it announces a header of ${headerBytes} bytes, which no safetensors file of its size has`);
  }
  const raw = parseJson(await file.read(LENGTH_BYTES, headerBytes), fail);
  const dataStart = LENGTH_BYTES + headerBytes;
  const entries = Object.entries(raw).filter(([name]) => name !== METADATA_KEY);
  if (entries.length > MAX_TENSORS) fail(`it has more than ${MAX_TENSORS} tensors, which no network has`);
  const tensors = entries.map(
    ([name, value]) => [name, parseEntry(name, value, { dataStart, fail })] as const,
  );
  checkCover(tensors, { dataStart, sizeBytes: file.sizeBytes, fail });
  return {
    metadata: parseMetadata(raw[METADATA_KEY] ?? {}, fail),
    tensors: new Map(tensors),
  };
}

type Fail = (problem: string) => never;

function parseJson(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const problem = findRepeatedKey(text, MAX_DEPTH);
    if (problem !== undefined) return fail(`its header is not valid: ${problem}`);
    value = JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof TypeError)
      return fail('its header is not JSON text');
    throw cause;
  }
  if (!text.startsWith('{') || typeof value !== 'object' || value === null) {
    return fail('its header is not a JSON object');
  }
  // A JSON text that starts with a brace is an object.
  return value as Record<string, unknown>;
}

/** Text by name. Not by zod, whose records leave out the name `__proto__`. */
function parseMetadata(value: unknown, fail: Fail): Map<string, string> {
  if (typeof value !== 'object' || value === null) return fail('its metadata is not an object');
  return new Map(
    Object.entries(value).map(([key, text]: [string, unknown]) => {
      return typeof text === 'string' ? [key, text] : fail('its metadata is not only text');
    }),
  );
}

function parseEntry(
  name: string,
  value: unknown,
  { dataStart, fail }: { dataStart: number; fail: Fail },
): TensorEntry {
  const parsed = Entry.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = ['its entry', ...(issue?.path ?? [])].join('.');
    return fail(`tensor '${name}': ${where} is not valid (${issue?.message})`);
  }
  const { dtype, shape, data_offsets } = parsed.data;
  const [begin, end] = data_offsets;
  const expected = sizeOf(shape) * STORED_BYTES[dtype];
  if (!Number.isSafeInteger(expected) || end - begin !== expected) {
    fail(`tensor '${name}' of ${dtype} [${shape.join(', ')}] needs ${expected} bytes, not ${end - begin}`);
  }
  return { dtype, shape, offset: dataStart + begin, sizeBytes: expected };
}

function checkCover(
  tensors: readonly (readonly [string, TensorEntry])[],
  { dataStart, sizeBytes, fail }: { dataStart: number; sizeBytes: number; fail: Fail },
): void {
  const byOffset = tensors.toSorted(([, a], [, b]) => a.offset - b.offset || a.sizeBytes - b.sizeBytes);
  let next = dataStart;
  for (const [name, { offset, sizeBytes: size }] of byOffset) {
    if (offset < next) fail(`tensor '${name}' overlaps the one before it`);
    if (offset > next)
      fail(`there are ${offset - next} bytes before tensor '${name}' that belong to no tensor`);
    next = offset + size;
  }
  if (next > sizeBytes) fail(`its tensors need ${next} bytes, but it has ${sizeBytes}`);
  if (next < sizeBytes) fail(`${sizeBytes - next} bytes at its end belong to no tensor`);
}
