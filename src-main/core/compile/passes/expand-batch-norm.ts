import { dimAt, sizeOf } from '../../tensor/shape.ts';
import type { Graph, Value } from '../ir/graph.ts';
import type { NodeList } from '../ir/node-list.ts';
import { rewrite } from './rewrite.ts';

/**
 * Writes batch normalisation as statistics of C numbers and one affine pass over the activations:
 * y = factor * x + addend. What follows the affine can then be fused into it, and eval mode, whose
 * factor and addend are constants, can be folded into the convolution before it.
 *
 * Backward, with R rows and xhat = (x - mean) / std, the same: dx = factor * dy + (c1 * x + c0), from
 * sum(dy) and sum(dy * x) alone.
 */
export function expandBatchNorm(graph: Graph): Graph {
  return rewrite(graph, ({ operation }, inputs, nodes) => {
    switch (operation.op) {
      case 'batchNormTrain':
        return expandForward(operation.epsilon, inputs, nodes);
      case 'batchNormTrainGradient':
        return expandBackward(operation.epsilon, inputs, nodes);
      case 'batchNorm': {
        const [x, mean, variance, offset, scale] = operands(inputs, 5);
        const affine = affineOf(operation.epsilon, { mean, variance, offset, scale }, nodes);
        return [nodes.one({ op: 'affine', activation: 'none' }, x, affine.factor, affine.addend)];
      }
      default:
        return undefined;
    }
  });
}

function expandForward(epsilon: number, inputs: readonly Value[], nodes: NodeList): readonly Value[] {
  const [x, scale, offset] = operands(inputs, 3);
  const [mean, variance] = operands(nodes.append({ op: 'moments' }, [x]), 2);
  const { factor, addend } = affineOf(epsilon, { mean, variance, offset, scale }, nodes);
  return [nodes.one({ op: 'affine', activation: 'none' }, x, factor, addend), mean, variance];
}

function expandBackward(epsilon: number, inputs: readonly Value[], nodes: NodeList): readonly Value[] {
  const [dy, x, scale, mean, variance] = operands(inputs, 5);
  const arithmetic = arithmeticOn(nodes);
  const { mul, sub } = arithmetic;
  const rowAxes = x.shape.slice(0, -1).map((_, axis) => axis);
  const rows = nodes.scalar(sizeOf(x.shape) / dimAt(x.shape, x.shape.length - 1));
  const sumRows = (value: Value) =>
    nodes.one({ op: 'reduce', fn: 'sum', axes: rowAxes, keepDims: false }, value); // [C]

  const inverseStd = inverseStdOf(variance, epsilon, nodes); // [C]
  const doffset = sumRows(dy); // [C]
  const dscale = mul(sub(sumRows(mul(dy, x)), mul(mean, doffset)), inverseStd); // [C]
  const factor = mul(scale, inverseStd); // [C]
  // dx = factor * (dy - doffset / R - (x - mean) * inverseStd * dscale / R)
  const perX = arithmetic.neg(arithmetic.div(mul(factor, mul(inverseStd, dscale)), rows)); // [C]
  const constant = arithmetic.neg(
    arithmetic.add(arithmetic.div(mul(factor, doffset), rows), mul(perX, mean)),
  ); // [C]
  const fromX = nodes.one({ op: 'affine', activation: 'none' }, x, perX, constant); // [..., C]
  const zero = nodes.splat(0, scale); // [C]
  const dx = nodes.one({ op: 'affine', activation: 'none' }, dy, factor, zero, fromX); // [..., C]
  return [dx, dscale, doffset];
}

type Statistics = Record<'mean' | 'variance' | 'offset' | 'scale', Value>;

/** factor = scale / std and addend = offset - mean * factor, [C] each. */
function affineOf(epsilon: number, statistics: Statistics, nodes: NodeList) {
  const { mul, sub } = arithmeticOn(nodes);
  const factor = mul(statistics.scale, inverseStdOf(statistics.variance, epsilon, nodes));
  return { factor, addend: sub(statistics.offset, mul(statistics.mean, factor)) };
}

/** [C]; 1 / sqrt(variance + epsilon). */
function inverseStdOf(variance: Value, epsilon: number, nodes: NodeList): Value {
  const shifted = arithmeticOn(nodes).add(variance, nodes.scalar(epsilon));
  return nodes.one({ op: 'unary', fn: 'rsqrt' }, shifted);
}

function arithmeticOn(nodes: NodeList) {
  return {
    add: (a: Value, b: Value) => nodes.one({ op: 'binary', fn: 'add' }, a, b),
    sub: (a: Value, b: Value) => nodes.one({ op: 'binary', fn: 'sub' }, a, b),
    mul: (a: Value, b: Value) => nodes.one({ op: 'binary', fn: 'mul' }, a, b),
    div: (a: Value, b: Value) => nodes.one({ op: 'binary', fn: 'div' }, a, b),
    neg: (a: Value) => nodes.one({ op: 'unary', fn: 'neg' }, a),
  };
}

type Operands<N extends number, List extends Value[] = []> = List['length'] extends N
  ? List
  : Operands<N, [...List, Value]>;

/** The first `count` values as a tuple. */
function operands<N extends number>(values: readonly Value[], count: N): Operands<N> {
  if (values.length < count) throw new Error(`expected ${count} operands, got ${values.length}`);
  // The length was checked on the line above, which the tuple type cannot see.
  return values.slice(0, count) as Operands<N>;
}
