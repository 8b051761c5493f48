import type { Graph, Node, Value } from '../ir/graph.ts';
import { rewrite } from './rewrite.ts';

/** Larger constants are compared by nothing: they are rare, and hashing them costs more than it saves. */
const MAX_HASHED_BYTES = 4096;

/** Computes equal operations on equal operands once (common subexpressions). */
export function shareCommon(graph: Graph): Graph {
  const computed = new Map<string, readonly Value[]>();
  return rewrite(graph, (node, inputs, nodes) => {
    const key = keyOf(node, inputs);
    if (key === undefined) return undefined;
    const twin = computed.get(key);
    if (twin) return twin;
    const outputs = nodes.keep(node, inputs);
    computed.set(key, outputs);
    return outputs;
  });
}

function keyOf(node: Node, inputs: readonly Value[]): string | undefined {
  const { operation } = node;
  const operands = inputs.map((input) => input.id).join();
  const specs = node.outputs.map((output) => `${output.dtype}[${output.shape.join()}]`).join();
  if (operation.op !== 'constant') return `${JSON.stringify(operation)} ${operands} ${specs}`;
  if (operation.data.byteLength > MAX_HASHED_BYTES) return undefined;
  return `constant ${specs} ${operation.data.join()}`;
}
