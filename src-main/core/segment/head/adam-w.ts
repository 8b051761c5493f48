const MEAN_DECAY = 0.9;
const SQUARE_DECAY = 0.999;
const EPSILON = 1e-8;
const WEIGHT_DECAY = 0.01;

/** AdamW (Loshchilov and Hutter 2019) for a vector of parameters whose last one, the bias, does not decay. */
export class AdamW {
  readonly #means: Float64Array;
  readonly #squares: Float64Array;
  #updates = 0;

  constructor(size: number) {
    this.#means = new Float64Array(size);
    this.#squares = new Float64Array(size);
  }

  /** Moves `parameters` in place. */
  update(parameters: Float64Array, gradient: Float64Array, rate: number): void {
    this.#updates++;
    const meanScale = 1 / (1 - MEAN_DECAY ** this.#updates);
    const squareScale = 1 / (1 - SQUARE_DECAY ** this.#updates);
    const bias = parameters.length - 1;
    for (let at = 0; at <= bias; at++) {
      const slope = gradient[at] ?? 0;
      const mean = MEAN_DECAY * (this.#means[at] ?? 0) + (1 - MEAN_DECAY) * slope;
      const square = SQUARE_DECAY * (this.#squares[at] ?? 0) + (1 - SQUARE_DECAY) * slope * slope;
      this.#means[at] = mean;
      this.#squares[at] = square;
      const value = parameters[at] ?? 0;
      const decay = at === bias ? 0 : WEIGHT_DECAY * value;
      parameters[at] =
        value - rate * ((mean * meanScale) / (Math.sqrt(square * squareScale) + EPSILON) + decay);
    }
  }
}
