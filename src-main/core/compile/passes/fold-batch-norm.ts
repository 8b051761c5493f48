import { dimAt } from '../../tensor/shape.ts';
import { constantData, consumersOf, type Graph, type Node, type NodeList, type Value } from '../ir/graph.ts';
import { rewrite } from './rewrite.ts';

/**
 * Folds an affine with constant factor and addend into the convolution before it: the factor scales
 * the filter's outputs, the addend becomes the bias. Eval mode has no batch normalisation left then.
 */
export function foldBatchNorm(graph: Graph): Graph {
  const consumers = consumersOf(graph);
  const fresh = new Map<number, Node>();
  return rewrite(graph, (node, inputs, nodes) => {
    const before = nodes.nodes.length;
    const [old] = node.inputs;
    const isOnlyReader = old !== undefined && consumers.get(old.id)?.length === 1;
    const folded = isOnlyReader ? fold(node, inputs, nodes, fresh) : undefined;
    const own =
      node.operation.op === 'constant' || node.operation.op === 'splat' ? node.outputs[0] : undefined;
    const outputs = folded ?? nodes.append(node.operation, inputs, own);
    for (const made of nodes.nodes.slice(before)) for (const o of made.outputs) fresh.set(o.id, made);
    return outputs;
  });
}

function fold(
  node: Node,
  inputs: readonly Value[],
  nodes: NodeList,
  producers: ReadonlyMap<number, Node>,
): readonly Value[] | undefined {
  const [x, factor, addend, residual] = inputs;
  if (node.operation.op !== 'affine' || !x || !factor || !addend) return undefined;
  const convolution = producers.get(x.id);
  if (convolution?.operation.op !== 'conv2d' || convolution.inputs.length !== 2) return undefined;
  const [image, filter] = convolution.inputs;
  const dataOf = (value: Value | undefined) => {
    const producer = value && producers.get(value.id);
    return producer && constantData(producer);
  };
  const [weights, scales] = [dataOf(filter), dataOf(factor)];
  if (!image || !filter || !weights || !scales || !dataOf(addend)) return undefined;
  const outputs = dimAt(filter.shape, 3);
  // A loop: `Float32Array.from` with a function takes 20 times as long, which adds up over 25 million weights.
  const scaled = new Float32Array(weights.length);
  for (let index = 0; index < scaled.length; index++) {
    scaled[index] = (weights[index] ?? NaN) * (scales[index % outputs] ?? NaN);
  }
  const bias = addend;
  let result = nodes.one(convolution.operation, image, nodes.constant(scaled, filter), bias);
  if (residual) result = nodes.one({ op: 'binary', fn: 'add' }, result, residual);
  if (node.operation.activation === 'relu') result = nodes.one({ op: 'unary', fn: 'relu' }, result);
  return [result];
}
