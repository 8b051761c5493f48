import { dimAt } from '../../tensor/shape.ts';
import { consumersOf, type Graph, type Node, type Value } from '../ir/graph.ts';
import type { NodeList } from '../ir/node-list.ts';
import { rewrite } from './rewrite.ts';

/**
 * Folds an affine with constant factor and addend into the convolution before it: the factor scales
 * the filter's outputs, the addend becomes the bias. Eval mode has no batch normalisation left then.
 */
export function foldBatchNorm(graph: Graph): Graph {
  const consumers = consumersOf(graph);
  return rewrite(graph, (node, inputs, nodes) => {
    const [old] = node.inputs;
    const isOnlyReader = old !== undefined && consumers.get(old.id)?.length === 1;
    return isOnlyReader ? fold(node, inputs, nodes) : undefined;
  });
}

function fold(node: Node, inputs: readonly Value[], nodes: NodeList): readonly Value[] | undefined {
  const [x, factor, addend, residual] = inputs;
  if (node.operation.op !== 'affine' || !x || !factor || !addend) return undefined;
  const convolution = nodes.producerOf(x);
  if (convolution?.operation.op !== 'conv2d' || convolution.inputs.length !== 2) return undefined;
  const [image, filter] = convolution.inputs;
  if (!image || !filter) return undefined;
  const [weights, scales] = [nodes.dataOf(filter), nodes.dataOf(factor)];
  if (!weights || !scales || !nodes.dataOf(addend)) return undefined;
  const outputs = dimAt(filter.shape, 3);
  // A loop: `Float32Array.from` with a function takes 20 times as long, which adds up over 25 million weights.
  const scaled = new Float32Array(weights.length);
  for (let index = 0; index < scaled.length; index++) {
    scaled[index] = (weights[index] ?? NaN) * (scales[index % outputs] ?? NaN);
  }
  let result = nodes.one(convolution.operation, image, nodes.constant(scaled, filter), addend);
  if (residual) result = nodes.one({ op: 'binary', fn: 'add' }, result, residual);
  if (node.operation.activation === 'relu') result = nodes.one({ op: 'unary', fn: 'relu' }, result);
  return [result];
}
