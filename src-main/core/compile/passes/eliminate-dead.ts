import type { Graph } from '../ir/graph.ts';

/** Removes every node that no output and no next state depends on. */
export function eliminateDead(graph: Graph): Graph {
  const needed = new Set([...graph.outputs.values(), ...graph.nextState.values()].map((value) => value.id));
  const kept = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output.id))) return false;
    for (const input of node.inputs) needed.add(input.id);
    return true;
  });
  return { ...graph, nodes: kept.reverse() };
}
