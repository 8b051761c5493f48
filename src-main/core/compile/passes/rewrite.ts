import type { Graph, Node, Value } from '../ir/graph.ts';
import { NodeList } from '../ir/node-list.ts';

/**
 * Replacement of one node: its new outputs, or undefined to keep the node as it is.
 * @param node the node as it stood in the old graph; its values are the old ones
 * @param inputs its operands in the new graph
 * @param nodes the new graph so far
 */
export type Rewriter = (
  node: Node,
  inputs: readonly Value[],
  nodes: NodeList,
) => readonly Value[] | undefined;

/** Rebuilds a graph node by node, in order; what the rewriter leaves alone is copied. */
export function rewrite(graph: Graph, rewriter: Rewriter): Graph {
  const nodes = new NodeList();
  const renamed = new Map<number, Value>();
  const declare = (values: ReadonlyMap<string, Value>) =>
    new Map(
      [...values].map(([name, value]) => {
        const fresh = nodes.placeholder(value, name);
        renamed.set(value.id, fresh);
        return [name, fresh] as const;
      }),
    );
  const lookUp = (value: Value): Value => {
    const found = renamed.get(value.id);
    if (!found) throw new Error(`%${value.id} is used before it is produced`);
    return found;
  };

  const inputs = declare(graph.inputs);
  const state = declare(graph.state);
  for (const node of graph.nodes) {
    const operands = node.inputs.map(lookUp);
    const outputs = rewriter(node, operands, nodes) ?? nodes.keep(node, operands);
    node.outputs.forEach((output, index) => {
      const replacement = outputs[index];
      if (!replacement) throw new Error(`a pass dropped output ${index} of ${node.operation.op}`);
      renamed.set(output.id, replacement);
    });
  }
  const map = (values: ReadonlyMap<string, Value>) =>
    new Map([...values].map(([name, value]) => [name, lookUp(value)] as const));
  return {
    name: graph.name,
    inputs,
    state,
    nodes: nodes.nodes,
    outputs: map(graph.outputs),
    nextState: map(graph.nextState),
  };
}
