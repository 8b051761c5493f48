import type { TensorSpec } from './tensor-spec.ts';
import { allocate, type HostData } from '../../tensor/dtype.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { inferOutputs } from './output-specs.ts';
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

/** Appends nodes and hands out value ids; what a trace and each pass build a graph with. */
export class NodeList {
  readonly nodes: Node[] = [];
  #nextId = 0;

  /** A value that no node of this list produces: an input or state. */
  placeholder(spec: TensorSpec, name: string): Value {
    return { id: this.#nextId++, shape: spec.shape, dtype: spec.dtype, name };
  }

  /**
   * Appends a node and returns its outputs.
   * @throws Error when the operands' shapes or types do not fit the operation.
   */
  append(operation: Operation, inputs: readonly Value[], own?: TensorSpec): readonly Value[] {
    const specs = own ? [own] : inferOutputs(operation, inputs);
    const outputs = specs.map((spec) => ({ id: this.#nextId++, shape: spec.shape, dtype: spec.dtype }));
    this.nodes.push({ operation, inputs, outputs });
    return outputs;
  }

  /** Appends a node that has exactly one output. */
  one(operation: Operation, ...inputs: readonly Value[]): Value {
    const [output, ...others] = this.append(operation, inputs);
    if (!output || others.length > 0) throw new Error(`${operation.op} has ${others.length + 1} outputs`);
    return output;
  }

  /** A constant; equal elements become a splat, whatever the size. */
  constant(data: HostData, spec: TensorSpec): Value {
    const [first = 0] = data;
    const isSplat = data.every((element) => element === first);
    const operation: Operation = isSplat ? { op: 'splat', value: first } : { op: 'constant', data };
    return this.#single(this.append(operation, [], spec));
  }

  /** A float32 scalar. */
  scalar(value: number): Value {
    return this.#single(this.append({ op: 'splat', value }, [], { shape: [], dtype: 'float32' }));
  }

  #single(outputs: readonly Value[]): Value {
    const [output] = outputs;
    if (!output) throw new Error('a constant has one output');
    return output;
  }
}

/** The nodes that read each value, by value id. */
export function consumersOf(graph: Graph): Map<number, Node[]> {
  const consumers = new Map<number, Node[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) {
      const known = consumers.get(input.id);
      if (known) known.push(node);
      else consumers.set(input.id, [node]);
    }
  }
  return consumers;
}

/** The node that produces each value, by value id. */
export function producersOf(graph: Graph): Map<number, Node> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output.id, node] as const)));
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
 * The graph as text, one line a node:
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
