import { broadcastShapes, dimAt, permute, sizeOf, type Shape } from '../../tensor/shape.ts';
import type { TensorSpec } from './tensor-spec.ts';
import { isPredicate, type Operation, type OperationOf, type Window } from './operation.ts';

/**
 * Shapes and element types of an operation's outputs.
 * @throws Error when the operands do not fit, or for `constant` and `splat`, whose spec is their own.
 */
export function inferOutputs(operation: Operation, inputs: readonly TensorSpec[]): TensorSpec[] {
  const operand = (index: number): TensorSpec => {
    const input = inputs[index];
    if (!input) throw new Error(`${operation.op} needs more than ${inputs.length} operands`);
    return input;
  };
  const float32 = (shape: Shape): TensorSpec[] => [{ shape, dtype: 'float32' }];
  const like = (input: TensorSpec, shape: Shape = input.shape): TensorSpec[] => [
    { shape, dtype: input.dtype },
  ];
  const vector = (input: TensorSpec): TensorSpec => ({
    shape: [dimAt(input.shape, input.shape.length - 1)],
    dtype: 'float32',
  });

  switch (operation.op) {
    case 'unary':
    case 'affine':
    case 'reluGradient':
    case 'batchNorm':
      return like(operand(0));
    case 'binary': {
      const shape = broadcastShapes(operand(0).shape, operand(1).shape);
      return isPredicate(operation.fn) ? [{ shape, dtype: 'bool' }] : like(operand(0), shape);
    }
    case 'select':
      return like(
        operand(1),
        broadcastShapes(operand(0).shape, broadcastShapes(operand(1).shape, operand(2).shape)),
      );
    case 'cast':
      return [{ shape: operand(0).shape, dtype: operation.dtype }];
    case 'reshape':
      return like(operand(0), reshaped(operand(0).shape, operation.shape));
    case 'transpose':
      return like(operand(0), permute(operand(0).shape, operation.perm));
    case 'concat':
      return like(operand(0), concatenated(operation.axis, inputs));
    case 'slice':
      return like(operand(0), operation.size);
    case 'pad':
      return like(
        operand(0),
        operand(0).shape.map(
          (dim, axis) => dim + dimAt(operation.before, axis) + dimAt(operation.after, axis),
        ),
      );
    case 'tile':
      return like(
        operand(0),
        operand(0).shape.map((dim, axis) => dim * dimAt(operation.reps, axis)),
      );
    case 'reverse':
      return like(operand(0));
    case 'gather':
      return like(operand(0), operand(0).shape.toSpliced(operation.axis, 1, ...operand(1).shape));
    case 'reduce':
      return like(operand(0), reduced(operand(0).shape, operation.axes, operation.keepDims));
    case 'argReduce':
      return [{ shape: operand(0).shape.toSpliced(operation.axis, 1), dtype: 'int32' }];
    case 'oneHot':
      return float32([...operand(0).shape, operation.depth]);
    case 'matMul':
      return float32(productShape(operation, operand(0).shape, operand(1).shape));
    case 'conv2d':
      return float32([...windowedShape(operand(0).shape, operation.window), dimAt(operand(1).shape, 3)]);
    case 'conv2dInputGradient':
    case 'conv2dFilterGradient':
      return float32(operation.shape);
    case 'maxPool':
      return float32([...windowedShape(operand(0).shape, operation.window), dimAt(operand(0).shape, 3)]);
    case 'maxPoolGradient':
      return like(operand(1));
    case 'batchNormTrain':
      return [...like(operand(0)), vector(operand(0)), vector(operand(0))];
    case 'batchNormTrainGradient':
      return [...like(operand(1)), vector(operand(1)), vector(operand(1))];
    case 'moments':
      return [vector(operand(0)), vector(operand(0))];
    case 'splat':
    case 'constant':
      throw new Error(`the spec of a ${operation.op} is given, not inferred`);
  }
}

/** [B, Ho, Wo] of a window moved over x [B, H, W, C]. */
export function windowedShape(x: Shape, { filter, stride, pad }: Window): number[] {
  const rows = Math.floor((dimAt(x, 1) + pad[0] + pad[2] - filter[0]) / stride[0]) + 1;
  const columns = Math.floor((dimAt(x, 2) + pad[1] + pad[3] - filter[1]) / stride[1]) + 1;
  return [dimAt(x, 0), rows, columns];
}

function reshaped(from: Shape, to: Shape): Shape {
  if (sizeOf(from) !== sizeOf(to)) throw new Error(`cannot reshape [${from.join()}] to [${to.join()}]`);
  return to;
}

function reduced(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  if (keepDims) return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return shape.filter((_, axis) => !axes.includes(axis));
}

function concatenated(axis: number, inputs: readonly TensorSpec[]): number[] {
  const [first] = inputs;
  if (!first) throw new Error('concat needs an operand');
  return first.shape.with(
    axis,
    inputs.reduce((total, input) => total + dimAt(input.shape, axis), 0),
  );
}

function productShape(operation: OperationOf<'matMul'>, a: Shape, b: Shape): number[] {
  const [rowsA, columnsA] = operation.transposeA ? a.slice(-2).reverse() : a.slice(-2);
  const [rowsB, columnsB] = operation.transposeB ? b.slice(-2).reverse() : b.slice(-2);
  if (columnsA !== rowsB || rowsA === undefined || columnsB === undefined) {
    throw new Error(`cannot multiply [${a.join()}] by [${b.join()}]`);
  }
  return [...broadcastShapes(a.slice(0, -2), b.slice(0, -2)), rowsA, columnsB];
}
