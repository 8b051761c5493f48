import type { RandomAccessFile } from '../random-access-file.ts';
import { damagedFile } from '../weights-error.ts';

/** A field of a message: a number, or the place of its bytes in the file. */
export type ProtoField =
  | { number: number; kind: 'value'; value: number }
  /** `isFixed`: a number of four or eight bytes, without a length before it. */
  | { number: number; kind: 'bytes'; offset: number; length: number; isFixed: boolean };

const WINDOW_BYTES = 16 * 2 ** 10;
const MAX_VARINT_BYTES = 10;

/**
 * Reads Protocol Buffers messages out of a file without holding them: fields with bytes are given by their place
 * and skipped (encoding: protobuf.dev/programming-guides/encoding).
 */
export class ProtoReader {
  readonly #file: RandomAccessFile;
  #window: Uint8Array = new Uint8Array();
  #windowStart = 0;

  constructor(file: RandomAccessFile) {
    this.#file = file;
  }

  /** The fields of the message at `offset`, in order. @throws UserError WEIGHTS_DAMAGED */
  async *fields(offset: number, length: number): AsyncGenerator<ProtoField> {
    const end = offset + length;
    let at = offset;
    while (at < end) {
      const tag = await this.#varint(at, end);
      const [number, wire] = [Math.floor(tag.value / 8), tag.value % 8];
      at = tag.end;
      if (wire === 0) {
        const { value, end: next } = await this.#varint(at, end);
        yield { number, kind: 'value', value };
        at = next;
      } else {
        const size: { value: number; end: number } =
          wire === 2 ? await this.#varint(at, end) : { value: fixedSize(wire) ?? NaN, end: at };
        at = size.end;
        // False for NaN, the size of a wire type that does not exist.
        if (!(at + size.value <= end))
          throw damagedFile(this.#file.path, `field ${number} at byte ${at} is cut off`);
        yield { number, kind: 'bytes', offset: at, length: size.value, isFixed: wire !== 2 };
        at += size.value;
      }
    }
  }

  async #varint(at: number, end: number): Promise<{ value: number; end: number }> {
    let value = 0;
    for (let index = 0; index < MAX_VARINT_BYTES; index++) {
      if (at + index >= end) break;
      const byte = await this.#byte(at + index);
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return { value, end: at + index + 1 };
    }
    throw damagedFile(this.#file.path, `the number at byte ${at} has no end`);
  }

  async #byte(at: number): Promise<number> {
    const inWindow = at - this.#windowStart;
    if (inWindow < 0 || inWindow >= this.#window.length) {
      this.#window = await this.#file.read(at, Math.min(WINDOW_BYTES, this.#file.sizeBytes - at));
      this.#windowStart = at;
    }
    return this.#window[at - this.#windowStart] ?? 0;
  }
}

const fixedSize = (wire: number) => (wire === 1 ? 8 : wire === 5 ? 4 : undefined);
