import { tf } from '../../tensor/tfjs.ts';
import type { Window } from '../ir/operation.ts';

/** Attributes of a TensorFlow.js kernel, read with a check instead of a cast. */
export class KernelAttributes {
  readonly #kernelName: string;
  readonly #attributes: Readonly<Record<string, unknown>>;

  constructor(kernelName: string, attributes: Readonly<Record<string, unknown>>) {
    this.#kernelName = kernelName;
    this.#attributes = attributes;
  }

  number(name: string): number {
    const value = this.#attributes[name];
    return typeof value === 'number' ? value : this.#fail(name, 'a number');
  }

  boolean(name: string): boolean {
    const value = this.#attributes[name];
    return typeof value === 'boolean' ? value : this.#fail(name, 'a boolean');
  }

  booleanOr(name: string, fallback: boolean): boolean {
    return this.#attributes[name] === undefined ? fallback : this.boolean(name);
  }

  isNull(name: string): boolean {
    return this.#attributes[name] === null || this.#attributes[name] === undefined;
  }

  string(name: string): string {
    const value = this.#attributes[name];
    return typeof value === 'string' ? value : this.#fail(name, 'a string');
  }

  /** A list of numbers; a single number counts as a list of one. */
  numbers(name: string): number[] {
    const value = this.#attributes[name];
    if (typeof value === 'number') return [value];
    if (isNumberList(value)) return [...value];
    return this.#fail(name, 'a list of numbers');
  }

  /** Pairs of numbers, as paddings are written. */
  pairs(name: string): [number, number][] {
    const value = this.#attributes[name];
    if (!Array.isArray(value)) return this.#fail(name, 'a list of pairs');
    return value.map((pair: unknown) => {
      if (!isNumberList(pair)) return this.#fail(name, 'a list of pairs');
      const [before, after] = pair;
      return before === undefined || after === undefined
        ? this.#fail(name, 'a list of pairs')
        : [before, after];
    });
  }

  /** Fails unless the attribute, where present, has one of the supported values. */
  require(name: string, ...supported: readonly unknown[]): void {
    const value = this.#attributes[name];
    const elements: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (value !== undefined && !elements.every((element) => supported.includes(element))) {
      this.#fail(name, `one of ${supported.map(String).join(', ')}`);
    }
  }

  /**
   * Geometry of a convolution or pooling over x [B, H, W, C], with TensorFlow's 'same' and 'valid'
   * resolved to explicit padding.
   */
  window(x: readonly number[], filter: readonly [number, number]): Window {
    const [strideHeight = 1, strideWidth = strideHeight] = this.numbers('strides');
    const pad = this.#padding();
    const info = tf.backend_util.computeConv2DInfo(
      fourDims(x),
      [filter[0], filter[1], 1, 1],
      [strideHeight, strideWidth],
      1,
      pad,
    );
    const { top, left, bottom, right } = info.padInfo;
    return { filter, stride: [strideHeight, strideWidth], pad: [top, left, bottom, right] };
  }

  #padding(): 'valid' | 'same' | number | tf.backend_util.ExplicitPadding {
    const value = this.#attributes.pad;
    if (value === 'valid' || value === 'same' || typeof value === 'number') return value;
    const [batch, rows, columns, channels] = this.pairs('pad');
    if (!batch || !rows || !columns || !channels) return this.#fail('pad', 'four pairs');
    return [batch, rows, columns, channels];
  }

  #fail(name: string, expected: string): never {
    throw new Error(
      `${this.#kernelName}: attribute '${name}' is ${JSON.stringify(this.#attributes[name])}, the compiler supports ${expected}`,
    );
  }
}

function isNumberList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'number');
}

/** The dimensions of a rank-4 tensor as the tuple that TensorFlow.js asks for. */
export function fourDims(shape: readonly number[]): [number, number, number, number] {
  const [a, b, c, d, ...rest] = shape;
  if (a === undefined || b === undefined || c === undefined || d === undefined || rest.length > 0) {
    throw new Error(`[${shape.join(', ')}] has not four dimensions`);
  }
  return [a, b, c, d];
}
