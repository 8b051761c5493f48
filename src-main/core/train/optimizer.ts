import { tf } from '../tensor/tfjs.ts';
import type { ParameterSpec } from '../model/parameters.ts';

/** How a gradient changes a parameter. Both keep one momentum buffer a parameter, zero at first. */
export type OptimizerSpec =
  | { kind: 'lars'; momentum: number; weightDecay: number; trust: number }
  | { kind: 'sgd'; momentum: number; weightDecay: number };

/** R2O's optimizer (SPEC section 8). */
export const R2O_LARS: OptimizerSpec = { kind: 'lars', momentum: 0.9, weightDecay: 1e-6, trust: 1e-3 };

export type OptimizerOperands = {
  parameter: tf.Tensor;
  gradient: tf.Tensor;
  /** The momentum buffer, of the parameter's shape. */
  buffer: tf.Tensor;
  learningRate: tf.Scalar;
};

/** The parameter and its momentum buffer after one step. */
export function applyOptimizer(
  operands: OptimizerOperands,
  parameterSpec: ParameterSpec,
  spec: OptimizerSpec,
): { parameter: tf.Tensor; buffer: tf.Tensor } {
  return spec.kind === 'lars'
    ? larsUpdate(operands, parameterSpec.isLarsExcluded, spec)
    : sgdUpdate(operands, spec);
}

/**
 * Layer-wise adaptive rate scaling (arXiv 1708.03888), as R2O applies it: the learning rate is inside
 * the momentum buffer, and excluded parameters get plain momentum SGD without decay.
 */
export function larsUpdate(
  operands: OptimizerOperands,
  isExcluded: boolean,
  spec: { momentum: number; weightDecay: number; trust: number },
): { parameter: tf.Tensor; buffer: tf.Tensor } {
  const { parameter, gradient, buffer, learningRate } = operands;
  if (isExcluded) return step(parameter, tf.mul(gradient, learningRate), buffer, spec.momentum);
  const parameterNorm = tf.sqrt(tf.sum<tf.Scalar>(tf.square(parameter)));
  const gradientNorm = tf.sqrt(tf.sum<tf.Scalar>(tf.square(gradient)));
  const denominator = tf.add(gradientNorm, tf.mul(parameterNorm, spec.weightDecay));
  const isAdapted = tf.logicalAnd(tf.greater(parameterNorm, 0), tf.greater(denominator, 0));
  // Where there is nothing to divide by, the quotient is not used, but it must not be NaN either.
  const ratio = tf.div(tf.mul(parameterNorm, spec.trust), tf.where(isAdapted, denominator, tf.scalar(1)));
  const trust = tf.where(isAdapted, ratio, tf.scalar(1)); // []
  const decayed = tf.add(gradient, tf.mul(parameter, spec.weightDecay));
  return step(parameter, tf.mul(decayed, tf.mul(trust, learningRate)), buffer, spec.momentum);
}

/** Momentum SGD as PyTorch defines it: the learning rate multiplies the buffer, not what enters it. */
export function sgdUpdate(
  { parameter, gradient, buffer, learningRate }: OptimizerOperands,
  spec: { momentum: number; weightDecay: number },
): { parameter: tf.Tensor; buffer: tf.Tensor } {
  const decayed = spec.weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(parameter, spec.weightDecay));
  const next = tf.add(tf.mul(buffer, spec.momentum), decayed);
  return { parameter: tf.sub(parameter, tf.mul(next, learningRate)), buffer: next };
}

function step(parameter: tf.Tensor, direction: tf.Tensor, buffer: tf.Tensor, momentum: number) {
  const next = tf.add(tf.mul(buffer, momentum), direction);
  return { parameter: tf.sub(parameter, next), buffer: next };
}
