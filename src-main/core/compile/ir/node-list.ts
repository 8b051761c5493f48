import type { HostData } from '../../tensor/dtype.ts';
import { constantData, type Node, type Value } from './graph.ts';
import { inferOutputs } from './output-specs.ts';
import type { Operation } from './operation.ts';
import type { TensorSpec } from './tensor-spec.ts';

/** Appends nodes and hands out value ids; what a trace and each pass build a graph with. */
export class NodeList {
  readonly nodes: Node[] = [];
  readonly #producers = new Map<number, Node>();
  #nextId = 0;

  /** A value that no node of this list produces: an input or state. */
  placeholder(spec: TensorSpec, name: string): Value {
    return { id: this.#nextId++, shape: spec.shape, dtype: spec.dtype, name };
  }

  /**
   * Appends a node and returns its outputs.
   * @throws Error when the operands' shapes or types do not fit the operation.
   */
  append(operation: Operation, inputs: readonly Value[]): readonly Value[] {
    return this.#add(operation, inputs, inferOutputs(operation, inputs));
  }

  /** Appends a node that has exactly one output. */
  one(operation: Operation, ...inputs: readonly Value[]): Value {
    const [output, ...others] = this.append(operation, inputs);
    if (!output || others.length > 0) throw new Error(`${operation.op} has ${others.length + 1} outputs`);
    return output;
  }

  /**
   * Appends a node of another graph as it is.
   * @param inputs its operands in this list
   */
  keep(node: Node, inputs: readonly Value[]): readonly Value[] {
    const { operation } = node;
    const hasOwnSpec = operation.op === 'constant' || operation.op === 'splat';
    return hasOwnSpec ? this.#add(operation, inputs, node.outputs) : this.append(operation, inputs);
  }

  /** A constant; equal elements become a splat, whatever the size. */
  constant(data: HostData, spec: TensorSpec): Value {
    const [first = 0] = data;
    const isSplat = data.every((element) => element === first);
    return isSplat ? this.splat(first, spec) : this.#leaf({ op: 'constant', data }, spec);
  }

  /** One number everywhere. */
  splat(value: number, spec: TensorSpec): Value {
    return this.#leaf({ op: 'splat', value }, spec);
  }

  /** A float32 scalar. */
  scalar(value: number): Value {
    return this.splat(value, { shape: [], dtype: 'float32' });
  }

  /** The node of this list that produces a value; undefined for inputs and state. */
  producerOf(value: Value): Node | undefined {
    return this.#producers.get(value.id);
  }

  /** The number that a value holds everywhere, where it is a splat. */
  splatOf(value: Value): number | undefined {
    const operation = this.producerOf(value)?.operation;
    return operation?.op === 'splat' ? operation.value : undefined;
  }

  /** The elements of a constant or splat, materialised; undefined for a value that is computed. */
  dataOf(value: Value): HostData | undefined {
    const producer = this.producerOf(value);
    return producer && constantData(producer);
  }

  #leaf(operation: Operation, spec: TensorSpec): Value {
    const [output] = this.#add(operation, [], [spec]);
    if (!output) throw new Error(`a ${operation.op} has one output`);
    return output;
  }

  #add(operation: Operation, inputs: readonly Value[], specs: readonly TensorSpec[]): readonly Value[] {
    const outputs = specs.map(({ shape, dtype }) => ({ id: this.#nextId++, shape, dtype }));
    const node = { operation, inputs, outputs };
    this.nodes.push(node);
    for (const output of outputs) this.#producers.set(output.id, node);
    return outputs;
  }
}
