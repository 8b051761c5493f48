import { sizeOf } from '../../tensor/shape.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import type { Graph } from '../ir/graph.ts';
import type { OnnxGraph, OnnxNode } from '../lower/onnx/model.ts';

/** Operators whose result may overwrite an operand of the same size. */
const ELEMENTWISE = new Set(['Add', 'Sub', 'Mul', 'Div', 'Identity', 'Neg', 'Max', 'Min']);
/** Operators whose result is their first operand under another shape. */
const ALIASES = new Set(['Reshape', 'Identity']);

/**
 * State entries that a run may overwrite while it runs: every node that reads the old value must come
 * before the node that writes the new one, by data dependency and not by luck, or be that node and
 * work element by element.
 * @param entries for each state name, the ONNX input that carries it and the output that replaces it
 */
export function findInPlace(
  graph: OnnxGraph,
  entries: ReadonlyMap<string, { input: string; output: string }>,
): ReadonlySet<string> {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const readers = new Map<string, OnnxNode[]>();
  for (const node of graph.nodes) {
    for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
  }
  const isSafe = ({ input, output }: { input: string; output: string }): boolean => {
    const writer = producers.get(output);
    if (!writer) return false;
    const before = ancestorsOf(writer, producers);
    return finalReaders(input, readers).every(
      (reader) => before.has(reader) || (reader === writer && ELEMENTWISE.has(writer.op)),
    );
  };
  return new Set([...entries].filter(([, entry]) => isSafe(entry)).map(([name]) => name));
}

function ancestorsOf(node: OnnxNode, producers: ReadonlyMap<string, OnnxNode>): Set<OnnxNode> {
  const found = new Set<OnnxNode>();
  const pending = [node];
  for (let next = pending.pop(); next; next = pending.pop()) {
    for (const name of next.inputs) {
      const producer = producers.get(name);
      if (!producer || found.has(producer)) continue;
      found.add(producer);
      pending.push(producer);
    }
  }
  return found;
}

/** Nodes that read the memory behind `name`, under whatever shape. */
function finalReaders(name: string, readers: ReadonlyMap<string, readonly OnnxNode[]>): OnnxNode[] {
  return (readers.get(name) ?? []).flatMap((node) =>
    ALIASES.has(node.op)
      ? [node, ...node.outputs.flatMap((output) => finalReaders(output, readers))]
      : [node],
  );
}

/**
 * Most bytes that intermediate results take at one time when nodes run in order and each result is
 * freed after its last reader. What the runtime really takes is more by its scratch buffers.
 */
export function peakActivationBytes(graph: Graph): number {
  const lastUse = new Map<number, number>();
  graph.nodes.forEach((node, index) => {
    for (const input of node.inputs) lastUse.set(input.id, index);
  });
  const kept = new Set([...graph.outputs.values(), ...graph.nextState.values()].map((value) => value.id));
  const freedAt = new Map<number, number>();
  let live = 0;
  let peak = 0;
  graph.nodes.forEach((node, index) => {
    for (const output of node.outputs) {
      const isFree = node.operation.op === 'splat' || node.operation.op === 'reshape' || kept.has(output.id);
      const bytes = isFree ? 0 : sizeOf(output.shape) * bytesPerElement(output.dtype);
      const end = lastUse.get(output.id) ?? index;
      live += bytes;
      freedAt.set(end, (freedAt.get(end) ?? 0) + bytes);
    }
    peak = Math.max(peak, live);
    live -= freedAt.get(index) ?? 0;
  });
  return peak;
}
