import type { Dtype } from '../../../tensor/dtype.ts';
import { sizeOf, type Shape } from '../../../tensor/shape.ts';
import {
  writeModel,
  type OnnxAttribute,
  type OnnxConstant,
  type OnnxDtype,
  type OnnxGraph,
  type OnnxNode,
  type OnnxShape,
  type OnnxValue,
} from './model.ts';
import { orderForMemory } from './order-nodes.ts';

type Attributes = Readonly<Record<string, OnnxAttribute>>;

/** Builds an OnnxGraph node by node. Values are named by strings; constants are shared when equal. */
export class GraphBuilder {
  readonly #name: string;
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  readonly #constants: OnnxConstant[] = [];
  readonly #constantNames = new Map<string, string>();
  readonly #nodes: OnnxNode[] = [];
  readonly #produced = new Set<string>();
  /** Names that became names of graph outputs. */
  readonly #renamed = new Map<string, string>();
  readonly #prefix: string;
  #counter = 0;

  /** @param prefix before the names of inner values, where the graph is to become a part of another one */
  constructor(name: string, prefix = '') {
    this.#name = name;
    this.#prefix = prefix;
  }

  /** Declares a graph input and returns its name. */
  input(name: string, dtype: OnnxDtype, shape: OnnxShape): string {
    this.#inputs.push({ name, dtype, shape });
    return name;
  }

  /** Appends an operator with one output. `op` may carry a domain: `com.microsoft:FusedMatMul`. */
  op(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = this.#fresh();
    this.#append(op, inputs, attributes, [output]);
    return output;
  }

  /** Appends an operator with two outputs, such as MaxPool with indices. */
  pairOp(op: string, inputs: readonly string[], attributes: Attributes = {}): readonly [string, string] {
    const outputs = [this.#fresh(), this.#fresh()] as const;
    this.#append(op, inputs, attributes, outputs);
    return outputs;
  }

  /** Makes `value` a graph output called `name`; without a copy where a node produces it. */
  output(name: string, value: string, dtype: OnnxDtype, shape: OnnxShape): void {
    this.#outputs.push({ name, dtype, shape });
    if (this.#produced.has(value) && !this.#renamed.has(value)) this.#renamed.set(value, name);
    else this.#append('Identity', [value], {}, [name]);
  }

  /** A float32 constant; `shape` defaults to a vector, or a scalar for one plain number. */
  floats(values: number | readonly number[] | Float32Array, shape?: Shape): string {
    const data = typeof values === 'number' ? new Float32Array([values]) : Float32Array.from(values);
    return this.constant('float32', shape ?? (typeof values === 'number' ? [] : [data.length]), data);
  }

  /** An int64 vector constant, as ONNX wants axes, shapes and paddings. */
  int64s(values: readonly number[]): string {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  /** An int64 scalar constant. */
  int64(value: number): string {
    return this.constant('int64', [], BigInt64Array.of(BigInt(value)));
  }

  /** A constant of any type; `data` holds `sizeOf(shape)` elements of `dtype`. */
  constant(
    dtype: Dtype | 'int64',
    shape: Shape,
    data: Float32Array | Int32Array | Uint8Array | BigInt64Array,
  ): string {
    if (data.length !== sizeOf(shape)) throw new Error(`${data.length} values for [${shape.join(', ')}]`);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key = bytes.length <= 4096 ? `${dtype}[${shape.join(',')}]${bytes.join(',')}` : undefined;
    const existing = key === undefined ? undefined : this.#constantNames.get(key);
    if (existing !== undefined) return existing;
    const name = `${this.#prefix}const_${this.#constants.length}`;
    this.#constants.push({ name, dtype, shape, data: bytes });
    if (key !== undefined) this.#constantNames.set(key, name);
    return name;
  }

  /** The finished graph; the builder can still be used afterwards. */
  graph(): OnnxGraph {
    const rename = (name: string) => this.#renamed.get(name) ?? name;
    const nodes = orderForMemory(
      this.#neededNodes().map((node) => ({
        ...node,
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
      })),
      new Set(this.#outputs.map((output) => output.name)),
    );
    const read = new Set(nodes.flatMap((node) => node.inputs));
    return {
      name: this.#name,
      inputs: this.#inputs,
      outputs: this.#outputs,
      constants: this.#constants.filter((constant) => read.has(constant.name)),
      nodes,
    };
  }

  /** The finished graph as the bytes of an `.onnx` file. */
  model(metadata?: Readonly<Record<string, string>>): Uint8Array {
    return writeModel(this.graph(), metadata);
  }

  /** Nodes that some output depends on: what is emitted for a reader that never comes costs memory. */
  #neededNodes(): OnnxNode[] {
    const needed = new Set(this.#outputs.map((output) => output.name));
    const isNeeded = (name: string) => needed.has(name) || needed.has(this.#renamed.get(name) ?? name);
    const kept = this.#nodes.toReversed().filter((node) => {
      if (!node.outputs.some(isNeeded)) return false;
      for (const input of node.inputs) needed.add(input);
      return true;
    });
    return kept.reverse();
  }

  #fresh(): string {
    return `${this.#prefix}t${this.#counter++}`;
  }

  #append(
    qualifiedOp: string,
    inputs: readonly string[],
    attributes: Attributes,
    outputs: readonly string[],
  ): void {
    for (const output of outputs) this.#produced.add(output);
    const colon = qualifiedOp.indexOf(':');
    const domain = colon < 0 ? '' : qualifiedOp.slice(0, colon);
    this.#nodes.push({ op: qualifiedOp.slice(colon + 1), domain, inputs, outputs, attributes });
  }
}
