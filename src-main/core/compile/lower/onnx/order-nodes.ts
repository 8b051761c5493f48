import type { OnnxNode } from './model.ts';

/**
 * Puts nodes into the order of a file from which ONNX Runtime makes a memory-saving execution order.
 *
 * [Note: Execution order] ONNX Runtime walks back from the nodes that nobody reads, the last of the file
 * first, and at each node visits the operand whose producer stands last in the file first. So:
 * - A node's file position is its depth, the longest path from the inputs. What depends on the forward
 *   pass alone (a ReLU mask, a filter turned round) then stands before the gradient that it meets, is
 *   visited after it, and runs just before it is needed. In the order of tracing, masks of the whole
 *   network were computed first: 560 MB of a ResNet-50 step.
 * - Nodes that nobody reads come last, the deepest first: the weights next to the loss are updated
 *   first, and each layer's gradient is used up before that of the layer before it is computed.
 */
export function orderForMemory(nodes: readonly OnnxNode[], outputs: ReadonlySet<string>): OnnxNode[] {
  const depths = new Map<string, number>();
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const placed = nodes.map((node) => {
    const depth = 1 + node.inputs.reduce((deepest, name) => Math.max(deepest, depths.get(name) ?? 0), 0);
    for (const output of node.outputs) depths.set(output, depth);
    const isLeaf = node.outputs.every((output) => outputs.has(output) && !read.has(output));
    return { node, depth, isLeaf };
  });
  const inner = placed.filter(({ isLeaf }) => !isLeaf).toSorted((a, b) => a.depth - b.depth);
  const leaves = placed.filter(({ isLeaf }) => isLeaf).toSorted((a, b) => b.depth - a.depth);
  return [...inner, ...leaves].map(({ node }) => node);
}
