/** Reads numbers and text from bytes, in order. `fail` is called, and throws, where they end. */
export class ByteReader {
  position: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #fail: (problem: string) => never;

  constructor(bytes: Uint8Array<ArrayBuffer>, position: number, fail: (problem: string) => never) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
    this.#fail = fail;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A length of eight bytes; what is too large for a number is larger than the rest anyway. */
  length64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  /** Pickles keep their floats big-endian. */
  float64BigEndian(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  utf8(length: number): string {
    const bytes = this.bytes(length);
    try {
      // Python writes lone surrogates in a form of UTF-8 that is not valid; no name of a tensor has any.
      return UTF8.decode(bytes);
    } catch {
      return this.#fail('its text is not UTF-8');
    }
  }

  latin1(length: number): string {
    return Buffer.from(this.bytes(length)).toString('latin1');
  }

  /** Text up to the end of the line, which is at most `maxLength` away. */
  line(maxLength: number): string {
    const window = this.#bytes.subarray(this.position, this.position + maxLength + 1);
    const length = window.indexOf(NEWLINE);
    if (length < 0) this.#fail(`its line is longer than ${maxLength} bytes or does not end`);
    const text = this.latin1(length);
    this.position += 1;
    return text;
  }

  #take(length: number): number {
    const start = this.position;
    if (start + length > this.#bytes.length) this.#fail('the data ends in the middle of it');
    this.position = start + length;
    return start;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NEWLINE = 0x0a;
