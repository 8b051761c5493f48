const WIRE_VARINT = 0;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

/**
 * Writes one Protocol Buffers message (encoding: protobuf.dev/programming-guides/encoding).
 *
 * Chunks are kept apart until `bytes` joins them once, so that weights of hundreds of megabytes are
 * copied a single time per nesting level. Fields of scalar type are always written, zeros included.
 */
export class ProtoWriter {
  readonly #chunks: Uint8Array[] = [];
  #pending: number[] = [];

  /** What stands before the bytes of a field of `length` bytes. */
  static header(field: number, length: number): Uint8Array {
    const header = new ProtoWriter();
    header.#tag(field, WIRE_BYTES);
    header.#varint(length);
    return header.bytes();
  }

  /** Field of type int32, int64, bool or enum; negative values take ten bytes. */
  int(field: number, value: number): this {
    if (!Number.isSafeInteger(value)) throw new Error(`field ${field}: ${value} is not an integer`);
    this.#tag(field, WIRE_VARINT);
    this.#varint(value);
    return this;
  }

  /** Field of type float. */
  float(field: number, value: number): this {
    this.#tag(field, WIRE_FIXED32);
    this.#pending.push(...new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  /** Field of type string. */
  string(field: number, value: string): this {
    return this.raw(field, new TextEncoder().encode(value));
  }

  /** Field of type bytes. The bytes are not copied before `bytes()`. */
  raw(field: number, value: Uint8Array): this {
    this.#tag(field, WIRE_BYTES);
    this.#varint(value.length);
    this.#flush();
    this.#chunks.push(value);
    return this;
  }

  /** Embedded message. */
  message(field: number, value: ProtoWriter): this {
    this.#tag(field, WIRE_BYTES);
    this.#varint(value.#length());
    this.#flush();
    this.#chunks.push(...value.#chunks);
    return this;
  }

  /** The whole message as one array. */
  bytes(): Uint8Array {
    const joined = new Uint8Array(this.#length());
    let offset = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, offset);
      offset += chunk.length;
    }
    return joined;
  }

  #length(): number {
    this.#flush();
    return this.#chunks.reduce((length, chunk) => length + chunk.length, 0);
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    this.#chunks.push(Uint8Array.from(this.#pending));
    this.#pending = [];
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#pending.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#pending.push(Number(rest));
  }
}
