import type { Window } from '../ir/operation.ts';
import type { Target } from './lowering-target.ts';

/** Sizes of a convolution whose gradient is wanted. */
type ConvolutionProblem = {
  window: Window;
  batch: number;
  inputs: number;
  outputs: number;
  /** Rows and columns of the convolution's input and of its output. */
  inputSize: readonly [number, number];
  outputSize: readonly [number, number];
};

/**
 * columns: gather the input's windows as rows and multiply (im2col), a part of the batch at a time.
 * swapped: a convolution in which channels play the batch and the batch plays the channels.
 */
type FilterGradientRecipe = { kind: 'columns'; parts: number } | { kind: 'swapped' };

/**
 * flipped: stride 1, a convolution with the filter turned round.
 * phases: stride s, one convolution for each of the s x s residues of the input position.
 * transposed: ONNX ConvTranspose.
 */
type InputGradientRecipe = 'flipped' | 'phases' | 'transposed';

/**
 * indices: MaxPool with indices, then scatter. compare: an equality mask for each window position.
 */
type MaxPoolGradientRecipe = 'indices' | 'compare';

/** multiply: a mask from a saturated HardSigmoid, times dy. select: Where(y > 0, dy, 0). */
type ReluGradientRecipe = 'multiply' | 'select';

/** batchNorm: BatchNormalization with mean 0 and variance 1, one pass. arithmetic: Mul, then Add. */
type AffineRecipe = 'batchNorm' | 'arithmetic';

/** How to lower what has more than one lowering. */
export type Recipes = {
  filterGradient: (problem: ConvolutionProblem) => FilterGradientRecipe;
  inputGradient: (problem: ConvolutionProblem) => InputGradientRecipe;
  maxPoolGradient: MaxPoolGradientRecipe;
  reluGradient: ReluGradientRecipe;
  /** For layouts without a blocked kernel. */
  affine: AffineRecipe;
};

/**
 * The measured choice for a target. Numbers: `test/bench/engine/NOTES.md`.
 *
 * GPU providers get what every one of them has a kernel for; a node without one would copy its
 * operands to the CPU and back.
 */
export function recipesFor(target: Target): Recipes {
  const { block } = target;
  switch (target.provider) {
    case 'cpu':
      return {
        filterGradient: (problem) =>
          isNarrow(problem) && canSwap(problem)
            ? { kind: 'swapped' }
            : { kind: 'columns', parts: partsInCache(problem) },
        inputGradient: (problem) => {
          if (isDense(problem.window)) return 'flipped';
          return isBlocked(problem, block) && dividesEvenly(problem) ? 'phases' : 'transposed';
        },
        maxPoolGradient: 'indices',
        reluGradient: 'multiply',
        affine: 'batchNorm',
      };
    case 'webgpu':
    case 'dml':
    case 'coreml':
    case 'cuda':
      return {
        filterGradient: () => ({ kind: 'columns', parts: 1 }),
        inputGradient: () => 'transposed',
        maxPoolGradient: 'compare',
        reluGradient: 'select',
        affine: 'arithmetic',
      };
  }
}

/** Columns above this size are read from memory instead of the last-level cache. */
const COLUMN_BYTES = 12 * 2 ** 20;

/** Least divisor of the batch with which one part's columns stay below COLUMN_BYTES. */
function partsInCache({ window, batch, inputs, outputSize }: ConvolutionProblem): number {
  const taps = window.filter[0] * window.filter[1];
  // A 1x1 filter of stride 1 reads the input as it is; there are no columns to keep small.
  if (taps === 1) return 1;
  const bytes = 4 * batch * outputSize[0] * outputSize[1] * taps * inputs;
  const enough = (parts: number) => batch % parts === 0 && bytes / parts <= COLUMN_BYTES;
  return Array.from({ length: batch }, (_, index) => index + 1).find(enough) ?? batch;
}

/** The stem's three channels: gathering columns three floats at a time takes twice as long. */
function isNarrow(problem: ConvolutionProblem): boolean {
  return problem.inputs < 8;
}

function isBlocked({ inputs, outputs }: ConvolutionProblem, block: number): boolean {
  return block > 0 && inputs % block === 0 && outputs % block === 0;
}

function canSwap({ window, inputSize, outputSize }: ConvolutionProblem): boolean {
  return AXES.every((axis) => swappedEndPad(window, inputSize, outputSize, axis) >= 0);
}

const AXES = [0, 1] as const;

/** Padding at the end of an axis with which the swapped convolution yields exactly the filter's extent. */
export function swappedEndPad(
  window: Window,
  inputSize: readonly [number, number],
  outputSize: readonly [number, number],
  axis: 0 | 1,
): number {
  return (
    window.filter[axis] - inputSize[axis] - window.pad[axis] + window.stride[axis] * (outputSize[axis] - 1)
  );
}

function isDense(window: Window): boolean {
  return window.stride[0] === 1 && window.stride[1] === 1;
}

function dividesEvenly({ window, inputSize, outputSize }: ConvolutionProblem): boolean {
  return AXES.every((axis) => inputSize[axis] === window.stride[axis] * outputSize[axis]);
}
