import type { TensorSpec } from './tensor-spec.ts';
import { allocate, type HostData } from '../../tensor/dtype.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import type { Operation } from './operation.ts';

/** A value of the graph. Its producer is the node that lists it, or nothing for inputs and state. */
export type Value = TensorSpec & { readonly id: number; readonly name?: string };

export type Node = {
  readonly operation: Operation;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
};

/**
 * A traced computation: static single assignment, nodes in topological order.
 * `state` are values that the engine keeps from step to step; `nextState` are their replacements, for
 * those that the step changes.
 */
export type Graph = {
  readonly name: string;
  readonly inputs: ReadonlyMap<string, Value>;
  readonly state: ReadonlyMap<string, Value>;
  readonly nodes: readonly Node[];
  readonly outputs: ReadonlyMap<string, Value>;
  readonly nextState: ReadonlyMap<string, Value>;
};

/** The nodes that read each value, by value id. */
export function consumersOf(graph: Graph): Map<number, Node[]> {
  const consumers = new Map<number, Node[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) {
      const readers = consumers.get(input.id);
      if (readers) readers.push(node);
      else consumers.set(input.id, [node]);
    }
  }
  return consumers;
}

/** Elements of a constant or splat node, materialised. */
export function constantData(node: Node): HostData | undefined {
  const { operation } = node;
  const [output] = node.outputs;
  if (operation.op === 'constant') return operation.data;
  if (operation.op !== 'splat' || !output) return undefined;
  return allocate(output.dtype, sizeOf(output.shape)).fill(operation.value);
}

/**
 * The graph as text, one line per node:
 * `%7 = binary add %5, %6 : float32[2, 3]`.
 */
export function printGraph(graph: Graph): string {
  const boundary = (kind: string, values: ReadonlyMap<string, Value>) =>
    [...values].map(([name, value]) => `${kind} ${name} %${value.id} : ${printSpec(value)}`);
  return [
    `graph ${graph.name}`,
    ...boundary('input', graph.inputs),
    ...boundary('state', graph.state),
    ...graph.nodes.map(printNode),
    ...boundary('output', graph.outputs),
    ...boundary('next', graph.nextState),
  ].join('\n');
}

/** One line of `printGraph`; also how errors name a node. */
export function printNode(node: Node): string {
  const { op, ...attributes } = node.operation;
  const words = Object.entries(attributes).map(([key, value]) => `${key}=${printAttribute(value)}`);
  const operands = node.inputs.map((input) => `%${input.id}`).join(', ');
  const results = node.outputs.map((output) => `%${output.id}`).join(', ');
  const specs = node.outputs.map(printSpec).join(', ');
  return `${results} = ${[op, ...words, operands].filter((word) => word !== '').join(' ')} : ${specs}`;
}

function printSpec(spec: TensorSpec): string {
  return `${spec.dtype}${formatShape(spec.shape)}`;
}

function printAttribute(value: unknown): string {
  return ArrayBuffer.isView(value) ? `(${value.byteLength} bytes)` : JSON.stringify(value);
}
