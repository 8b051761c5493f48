import type { RandomAccessFile } from '../random-access-file.ts';
import { damagedFile } from '../weights-error.ts';

/** A field of a message: a number, or the place of its bytes in the file. */
export type ProtoField =
  | { number: number; kind: 'value'; value: number }
  /** `isFixed`: a number of four or eight bytes, without a length before it. */
  | { number: number; kind: 'bytes'; offset: number; length: number; isFixed: boolean };

const WINDOW_BYTES = 16 * 2 ** 10;
const MAX_VARINT_BYTES = 10;
/** What a field starts with: its tag, and its value or the length of its bytes. */
const MAX_HEAD_BYTES = 2 * MAX_VARINT_BYTES;
/** Graphs of 50,000 nodes have half as many; reading them takes about a second. */
const MAX_FIELDS = 1_000_000;

/**
 * Reads Protocol Buffers messages out of a file without holding them: fields with bytes are given by their place
 * and skipped (encoding: protobuf.dev/programming-guides/encoding). One reader reads one file once, nested messages
 * included, and not more than a million fields of it.
 */
export class ProtoReader {
  readonly #file: RandomAccessFile;
  #window: Uint8Array = new Uint8Array();
  #windowStart = 0;
  #fieldsLeft = MAX_FIELDS;

  constructor(file: RandomAccessFile) {
    this.#file = file;
  }

  /** The fields of the message at `offset`, in order. @throws UserError WEIGHTS_DAMAGED */
  async *fields(offset: number, length: number): AsyncGenerator<ProtoField> {
    const end = offset + length;
    let at = offset;
    while (at < end) {
      if (this.#fieldsLeft-- === 0) {
        throw damagedFile(this.#file.path, `it has more than ${MAX_FIELDS} fields, which no network has`);
      }
      if (!this.#holds(at, Math.min(MAX_HEAD_BYTES, end - at))) await this.#load(at);
      const tag = this.#varint(at, end);
      const [number, wire] = [Math.floor(tag.value / 8), tag.value % 8];
      at = tag.end;
      if (wire === 0) {
        const { value, end: next } = this.#varint(at, end);
        yield { number, kind: 'value', value };
        at = next;
      } else {
        const size: { value: number; end: number } =
          wire === 2 ? this.#varint(at, end) : { value: fixedSize(wire) ?? NaN, end: at };
        at = size.end;
        // False for NaN, the size of a wire type that does not exist.
        if (!(at + size.value <= end))
          throw damagedFile(this.#file.path, `field ${number} at byte ${at} is cut off`);
        yield { number, kind: 'bytes', offset: at, length: size.value, isFixed: wire !== 2 };
        at += size.value;
      }
    }
  }

  /** A copy of some bytes; short ones mostly take no access to the file. @throws UserError WEIGHTS_DAMAGED */
  async bytes({ offset, length }: { offset: number; length: number }): Promise<Uint8Array> {
    if (length > WINDOW_BYTES) return await this.#file.read(offset, length);
    if (!this.#holds(offset, length)) await this.#load(offset);
    return this.#window.slice(offset - this.#windowStart, offset - this.#windowStart + length);
  }

  #varint(at: number, end: number): { value: number; end: number } {
    let value = 0;
    for (let index = 0; index < MAX_VARINT_BYTES && at + index < end; index++) {
      const byte = this.#window[at + index - this.#windowStart] ?? 0;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return { value, end: at + index + 1 };
    }
    throw damagedFile(this.#file.path, `the number at byte ${at} has no end`);
  }

  #holds(offset: number, length: number): boolean {
    const start = offset - this.#windowStart;
    return start >= 0 && start + length <= this.#window.length;
  }

  async #load(offset: number): Promise<void> {
    this.#window = await this.#file.read(offset, Math.min(WINDOW_BYTES, this.#file.sizeBytes - offset));
    this.#windowStart = offset;
  }
}

const fixedSize = (wire: number) => (wire === 1 ? 8 : wire === 5 ? 4 : undefined);
