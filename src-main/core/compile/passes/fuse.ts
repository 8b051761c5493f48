import { sameShape } from '../../tensor/shape.ts';
import { consumersOf, type Graph, type Node, type Value } from '../ir/graph.ts';
import type { NodeList } from '../ir/node-list.ts';
import { rewrite } from './rewrite.ts';

/**
 * relu'(x) needs only the sign, which relu(x) has too: `dy * step(x)` becomes a gradient in terms of
 * relu(x), so that the pre-activation is read by nobody else and can be fused away.
 */
export function fuseReluGradient(graph: Graph): Graph {
  /** relu(x) by the id of x, and x by the id of step(x). */
  const reluOf = new Map<number, Value>();
  const stepSource = new Map<number, Value>();
  return rewrite(graph, ({ operation }, inputs, nodes) => {
    const [x, y] = inputs;
    if (operation.op === 'unary' && x && (operation.fn === 'relu' || operation.fn === 'step')) {
      const output = nodes.one(operation, x);
      if (operation.fn === 'relu') reluOf.set(x.id, output);
      else stepSource.set(output.id, x);
      return [output];
    }
    if (operation.op !== 'binary' || operation.fn !== 'mul' || !x || !y) return undefined;
    for (const [dy, mask] of [
      [x, y],
      [y, x],
    ] as const) {
      const source = stepSource.get(mask.id);
      const activated = source && reluOf.get(source.id);
      if (activated && sameShape(activated.shape, dy.shape)) {
        return [nodes.one({ op: 'reluGradient' }, dy, activated)];
      }
    }
    return undefined;
  });
}

/**
 * Pulls what follows an affine into it (a residual addition, then a rectifier), and the addition of
 * two gradients into the convolution that makes one of them: each saves a pass over the activations.
 */
export function fuseIntoProducers(graph: Graph): Graph {
  const consumers = consumersOf(graph);
  const kept = new Set([...graph.outputs.values(), ...graph.nextState.values()].map((value) => value.id));
  const isFusable = (value: Value) => consumers.get(value.id)?.length === 1 && !kept.has(value.id);

  // Producers are those of the new graph, because a fused node can itself be fused again.
  return rewrite(
    graph,
    (node, inputs, nodes) => fuseAddition(node, inputs, nodes) ?? fuseRelu(node, inputs, nodes),
  );

  function fuseRelu(node: Node, inputs: readonly Value[], nodes: NodeList): readonly Value[] | undefined {
    const [x] = inputs;
    const [old] = node.inputs;
    if (node.operation.op !== 'unary' || node.operation.fn !== 'relu' || !x || !old) return undefined;
    const affine = nodes.producerOf(x);
    if (affine?.operation.op !== 'affine' || affine.operation.activation !== 'none') return undefined;
    if (!isFusable(old)) return undefined;
    return [nodes.one({ op: 'affine', activation: 'relu' }, ...affine.inputs)];
  }

  function fuseAddition(node: Node, inputs: readonly Value[], nodes: NodeList): readonly Value[] | undefined {
    if (node.operation.op !== 'binary' || node.operation.fn !== 'add') return undefined;
    for (const [ownIndex, otherIndex] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const [own, other, old] = [inputs[ownIndex], inputs[otherIndex], node.inputs[ownIndex]];
      if (!own || !other || !old || !sameShape(own.shape, other.shape) || !isFusable(old)) continue;
      const producer = nodes.producerOf(own);
      const takesAddend =
        (producer?.operation.op === 'affine' &&
          producer.operation.activation === 'none' &&
          producer.inputs.length === 3) ||
        (producer?.operation.op === 'conv2dInputGradient' && producer.inputs.length === 2);
      if (!producer || !takesAddend) continue;
      return [nodes.one(producer.operation, ...producer.inputs, other)];
    }
    return undefined;
  }
}
