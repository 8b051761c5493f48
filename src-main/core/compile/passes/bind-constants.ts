import type { Graph } from '../ir/graph.ts';
import type { HostTensors } from '../runtime/step.ts';
import { rewrite } from './rewrite.ts';

/**
 * Turns state into constants: what a step that only reads weights needs to stand alone.
 * @throws Error when the graph changes its state, or a value is missing
 */
export function bindConstants(graph: Graph, values: HostTensors): Graph {
  if (graph.nextState.size > 0) throw new Error(`${graph.name} changes its state and cannot stand alone`);
  const constants = [...graph.state].map(([name, value]) => {
    const data = values[name];
    if (!data) throw new Error(`${graph.name} needs a value for '${name}'`);
    return { operation: { op: 'constant', data } as const, inputs: [], outputs: [value] };
  });
  // A copy of every node, so that value ids are counted anew.
  return rewrite({ ...graph, state: new Map(), nodes: [...constants, ...graph.nodes] }, () => undefined);
}
