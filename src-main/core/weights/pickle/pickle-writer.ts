/** A part of a file: finished bytes, or bytes that are made when their turn comes. */
export type Chunk = Uint8Array | { length: number; bytes: () => Uint8Array | Promise<Uint8Array> };

/**
 * Writes one pickle, value by value. It uses the opcodes that PyTorch's own restricted reader
 * (`torch.load(..., weights_only=True)`) knows, and byte strings where a caller asks for them.
 */
export class PickleWriter {
  readonly #chunks: Chunk[] = [];
  #pending: number[] = [];

  /** @param protocol 2, or 3 for pickles with byte strings */
  constructor(protocol: 2 | 3) {
    this.#pending.push(0x80, protocol);
  }

  none(): this {
    return this.#op('N');
  }

  bool(value: boolean): this {
    return this.#byte(value ? 0x88 : 0x89);
  }

  int(value: number): this {
    if (!Number.isInteger(value) || Math.abs(value) >= 2 ** 31)
      throw new Error(`${value} is not a 32-bit integer`);
    return this.#op('J').#uint32(value >>> 0);
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    this.#op('X').#uint32(bytes.length);
    this.#flush();
    this.#chunks.push(bytes);
    return this;
  }

  bytes(chunk: Exclude<Chunk, Uint8Array>): this {
    this.#op('B').#uint32(chunk.length);
    this.#flush();
    this.#chunks.push(chunk);
    return this;
  }

  /** A name of a Python module. */
  global(module: string, name: string): this {
    for (const char of `c${module}\n${name}\n`) this.#op(char);
    return this;
  }

  tuple(...items: readonly (() => unknown)[]): this {
    this.#op('(');
    for (const item of items) item();
    return this.#op('t');
  }

  ints(values: readonly number[]): this {
    return this.tuple(...values.map((value) => () => this.int(value)));
  }

  /** Calls the callee below the tuple that was written last. */
  call(): this {
    return this.#op('R');
  }

  /** Sets the state of the object below the tuple that was written last. */
  build(): this {
    return this.#op('b');
  }

  /** What the tuple that was written last refers to. */
  reference(): this {
    return this.#op('Q');
  }

  dict(entries: readonly (readonly [key: string, value: () => unknown])[]): this {
    this.#op('}').#op('(');
    for (const [key, value] of entries) {
      this.text(key);
      value();
    }
    return this.#op('u');
  }

  /** Ends the pickle. @returns its parts, in order */
  end(): readonly Chunk[] {
    this.#op('.');
    this.#flush();
    return this.#chunks;
  }

  #op(char: string): this {
    return this.#byte(char.charCodeAt(0));
  }

  #byte(byte: number): this {
    this.#pending.push(byte);
    return this;
  }

  #uint32(value: number): this {
    for (let shift = 0; shift < 32; shift += 8) this.#pending.push((value >>> shift) & 0xff);
    return this;
  }

  #flush(): void {
    this.#chunks.push(Uint8Array.from(this.#pending));
    this.#pending = [];
  }
}
