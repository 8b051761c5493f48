/**
 * Why PyTorch could not continue. `missing`: this Python has no PyTorch, or no other package that it needs; `memory`: it ran out of it;
 * `failed`: everything else, with Python's own words.
 */
export type TorchFailure = 'missing' | 'memory' | 'failed';

/** A process of PyTorch that ended, or did not begin. */
export class TorchError extends Error {
  readonly failure: TorchFailure;

  constructor(failure: TorchFailure, message: string) {
    super(message);
    this.name = 'TorchError';
    this.failure = failure;
  }
}
