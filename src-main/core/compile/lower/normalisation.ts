import { dimAt, sizeOf } from '../../tensor/shape.ts';
import type { Node, Value } from '../ir/graph.ts';
import type { OperationOf } from '../ir/operation.ts';
import type { Emitted, Emitter } from './emitter.ts';
import { physicalShape, rowMajor, type Layout } from './layout.ts';
import { reduceRows } from './structure.ts';

/**
 * Lowers moments in two passes, the mean first. E[x^2] - mean^2 in one pass loses too many digits:
 * it puts gradients of a ResNet-50 off by 1e-3.
 */
export function lowerMoments(node: Node, emitter: Emitter): void {
  const [x] = node.inputs;
  const [mean, variance] = node.outputs;
  if (!x || !mean || !variance) throw new Error('moments needs an operand and has two results');
  const layout = emitter.layoutOf(x);
  const meanOf = reduceRows(emitter.get(x, layout), x, { layout, fn: 'mean' }, emitter); // [C]
  emitter.define(mean, rowMajor(1), meanOf);
  const negative = emitter.op('Neg', [meanOf], meanOf.shape);
  const ones = new Float32Array(sizeOf(mean.shape)).fill(1);
  const one: Emitted = { name: emitter.builder.floats(ones), shape: mean.shape };
  const centred = affine({ x, factor: one, addend: negative, activation: 'none' }, layout, emitter);
  const sum = reduceRows(centred, x, { layout, fn: 'sumSquare' }, emitter);
  const rows = sizeOf(x.shape) / dimAt(x.shape, x.shape.length - 1);
  emitter.define(
    variance,
    rowMajor(1),
    emitter.op('Mul', [sum, emitter.builder.floats(1 / rows)], mean.shape),
  );
}

/** Lowers factor * x + addend (+ residual), then the rectifier. */
export function lowerAffine(node: Node, operation: OperationOf<'affine'>, emitter: Emitter): void {
  const [x, factor, addend, residual] = node.inputs;
  const [output] = node.outputs;
  if (!x || !factor || !addend || !output) throw new Error('affine needs x, a factor and an addend');
  const layout = emitter.layoutOf(output);
  const operands = {
    x,
    factor: emitter.get(factor),
    addend: emitter.get(addend),
    residual,
    activation: operation.activation,
  };
  emitter.define(output, layout, affine(operands, layout, emitter));
}

type AffineOperands = {
  x: Value;
  /** [C] each. */
  factor: Emitted;
  addend: Emitted;
  residual?: Value | undefined;
  activation: OperationOf<'affine'>['activation'];
};

function affine(operands: AffineOperands, layout: Layout, emitter: Emitter): Emitted {
  if (layout.block > 1) return blockedAffine(operands, layout, emitter);
  const { x, residual, activation } = operands;
  const scaled =
    layout.name === 'nchw' && emitter.recipes.affine === 'batchNorm'
      ? onePass(operands, layout, emitter)
      : twoPasses(operands, layout, emitter);
  const sum = residual ? emitter.op('Add', [scaled, emitter.get(residual, layout)], scaled.shape) : scaled;
  const result = activation === 'relu' ? emitter.op('Relu', [sum], sum.shape) : sum;
  return emitter.reshape(
    result,
    layout.view.map((axis) => dimAt(x.shape, axis)),
  );
}

/**
 * One pass over blocked images: a depthwise 1x1 convolution multiplies, adds, adds the residual and
 * rectifies, on all threads.
 */
function blockedAffine(operands: AffineOperands, layout: Layout, emitter: Emitter): Emitted {
  const { x, factor, addend, residual, activation } = operands;
  const channels = sizeOf(factor.shape);
  const inputs = [emitter.get(x, layout), emitter.reshape(factor, [channels, 1, 1, 1]), addend];
  if (residual) inputs.push(emitter.get(residual, layout));
  const shape = layout.view.map((axis) => dimAt(x.shape, axis));
  return emitter.op('com.microsoft.nchwc:Conv', inputs, shape, {
    kernel_shape: [1, 1],
    group: channels,
    ...(activation === 'relu' ? { activation: 'Relu' } : {}),
  });
}

/** Inference normalisation by mean 0 and variance 1 is the affine itself. */
function onePass({ x, factor, addend }: AffineOperands, layout: Layout, emitter: Emitter): Emitted {
  const image = emitter.get(x, layout);
  const channels = sizeOf(factor.shape);
  const zeros = emitter.builder.floats(new Float32Array(channels));
  const ones = emitter.builder.floats(new Float32Array(channels).fill(1));
  return emitter.op('BatchNormalization', [image, factor, addend, zeros, ones], image.shape, {
    epsilon: { float: 0 },
  });
}

function twoPasses({ x, factor, addend }: AffineOperands, layout: Layout, emitter: Emitter): Emitted {
  const physical = physicalShape(layout, x.shape);
  const image = emitter.reshape(emitter.get(x, layout), physical);
  const channels = sizeOf(factor.shape);
  const alongChannels = layout.axes.map((entry) => (entry.axis === x.shape.length - 1 ? channels : 1));
  const scaled = emitter.op('Mul', [image, emitter.reshape(factor, alongChannels)], physical);
  return emitter.op('Add', [scaled, emitter.reshape(addend, alongChannels)], physical);
}
