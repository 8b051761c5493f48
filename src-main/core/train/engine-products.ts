import { openEngine, type EngineSession } from '../compile/runtime/engine.ts';
import type { Step } from '../compile/runtime/step.ts';
import type { NamedTensors } from '../compile/trace/trace.ts';
import { weightOf } from '../model/parameters.ts';
import type { Products, Rows } from '../superpixel/row-products.ts';
import { tf } from '../tensor/tfjs.ts';

/** Centres of one call: the few candidates of k-means++, or all K of Lloyd's iterations. */
const FEW_CENTRES = 8;

/**
 * Matrix products of K-means in the compiled engine, for rows of one width. Sizes are rounded up and padded with
 * zeros, so that batches with different numbers of superpixels share a compilation.
 *
 * Always on the CPU: the rows are in host memory, and K-means is a thousandth of the step's arithmetic.
 */
export class EngineProducts implements Disposable {
  readonly #engine: EngineSession;
  readonly #dim: number;
  readonly #steps = new Map<string, { step: Step; rowCap: number; centreCap: number }>();
  /** Reused by every call: [rowCap, dim]. */
  #padded = new Float32Array();
  #paddedFrom: Rows | undefined;

  private constructor(engine: EngineSession, dim: number) {
    this.#engine = engine;
    this.#dim = dim;
  }

  /** @param dim width of the rows; @param threads CPU threads */
  static async open(dim: number, threads: number): Promise<EngineProducts> {
    return new EngineProducts(await openEngine('onnx:cpu', {}, { threads }), dim);
  }

  /** Products for `rows` [count, dim]: what `kmeans` takes. Rows in float64 are rounded to float32. */
  productsOf(rows: Rows): Products {
    const count = rows.length / this.#dim;
    return async (centres, centreCount, out) => {
      const { step, rowCap, centreCap } = await this.#stepFor(count, centreCount);
      this.#pad(rows, rowCap);
      const paddedCentres = new Float32Array(centreCap * this.#dim);
      paddedCentres.set(centres.subarray(0, centreCount * this.#dim));
      const { products } = await step.run({ rows: this.#padded, centres: paddedCentres });
      if (!products) throw new Error('the step of K-means returned no products');
      for (let row = 0; row < count; row++) {
        const from = row * centreCap;
        for (let k = 0; k < centreCount; k++) out[row * centreCount + k] = products[from + k] ?? 0;
      }
    };
  }

  [Symbol.dispose](): void {
    for (const { step } of this.#steps.values()) step[Symbol.dispose]();
    this.#engine[Symbol.dispose]();
  }

  #pad(rows: Rows, rowCap: number): void {
    const length = rowCap * this.#dim;
    if (this.#paddedFrom === rows && this.#padded.length === length) return;
    if (this.#padded.length !== length) this.#padded = new Float32Array(length);
    else this.#padded.fill(0, rows.length);
    this.#padded.set(rows);
    this.#paddedFrom = rows;
  }

  async #stepFor(count: number, centreCount: number) {
    const rowCap = roundUp(count, 256);
    const centreCap = centreCount <= FEW_CENTRES ? FEW_CENTRES : roundUp(centreCount, 16);
    const key = `${rowCap} x ${centreCap}`;
    const compiled = this.#steps.get(key);
    if (compiled) return compiled;
    const made = { step: await this.#compile(rowCap, centreCap), rowCap, centreCap };
    this.#steps.set(key, made);
    return made;
  }

  #compile(rowCap: number, centreCap: number): Promise<Step> {
    const float32 = (count: number) => ({ shape: [count, this.#dim], dtype: 'float32' as const });
    return this.#engine.prepare({
      name: 'k-means products',
      build: multiply,
      inputs: { rows: float32(rowCap), centres: float32(centreCap) },
    });
  }
}

function multiply(inputs: NamedTensors) {
  const [rows, centres] = [weightOf(inputs, 'rows'), weightOf(inputs, 'centres')];
  const products = tf.matMul(rows, centres, false, true); // [rows, centres]
  return { outputs: { products }, state: {} };
}

function roundUp(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple;
}
