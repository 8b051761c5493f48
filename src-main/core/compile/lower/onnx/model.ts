import type { Shape } from '../../../tensor/shape.ts';
import { ProtoWriter } from './protobuf.ts';

/** Element types of ONNX tensors that the engine writes, with their TensorProto.DataType number. */
const DATA_TYPE = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type OnnxDtype = keyof typeof DATA_TYPE;

/** Opset of the default domain; the newest that the kernels of every execution provider cover. */
const OPSET_VERSION = 18;
/** IR version 8 belongs to opset 18; older ONNX Runtimes load it too. */
const IR_VERSION = 8;

/** Integers are written as INT(S), `{ float }` as FLOAT, strings as STRING. */
export type OnnxAttribute = number | readonly number[] | string | { float: number };

export type OnnxNode = {
  op: string;
  /** Empty for the standard operators. */
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, OnnxAttribute>>;
};

/** A dimension that is a word is open, and equal wherever the word stands. */
export type OnnxShape = readonly (number | string)[];

export type OnnxValue = { name: string; dtype: OnnxDtype; shape: OnnxShape };

/** A constant. `data` holds the elements little-endian, row-major. */
export type OnnxConstant = { name: string; dtype: OnnxDtype; shape: Shape; data: Uint8Array };

export type OnnxGraph = {
  name: string;
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
  constants: readonly OnnxConstant[];
  /** In topological order. */
  nodes: readonly OnnxNode[];
};

/**
 * Serialises a graph as an ONNX ModelProto (onnx.proto of ONNX 1.13).
 * @param metadata free key-value pairs stored in the file
 * @returns the bytes of a `.onnx` file
 */
export function writeModel(graph: OnnxGraph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const domains = new Set(graph.nodes.map((node) => node.domain).filter((domain) => domain !== ''));
  const model = new ProtoWriter().int(1, IR_VERSION).string(2, 'r2o-studio');
  model.message(7, graphProto(graph));
  model.message(8, new ProtoWriter().string(1, '').int(2, OPSET_VERSION));
  for (const domain of domains) model.message(8, new ProtoWriter().string(1, domain).int(2, 1));
  for (const [key, value] of Object.entries(metadata)) {
    model.message(14, new ProtoWriter().string(1, key).string(2, value));
  }
  return model.bytes();
}

/**
 * The fields of a GraphProto. As repeated fields may stand anywhere in a message, such bytes can be put before or
 * after those of another graph to make one graph of both.
 */
export function graphFields(graph: OnnxGraph): Uint8Array {
  return graphProto(graph).bytes();
}

function graphProto(graph: OnnxGraph): ProtoWriter {
  const proto = new ProtoWriter();
  graph.nodes.forEach((node, index) => proto.message(1, nodeProto(node, `${node.op}_${index}`)));
  proto.string(2, graph.name);
  for (const constant of graph.constants) proto.message(5, tensorProto(constant));
  for (const input of graph.inputs) proto.message(11, valueProto(input));
  for (const output of graph.outputs) proto.message(12, valueProto(output));
  return proto;
}

function nodeProto(node: OnnxNode, name: string): ProtoWriter {
  const proto = new ProtoWriter();
  for (const input of node.inputs) proto.string(1, input);
  for (const output of node.outputs) proto.string(2, output);
  proto.string(3, name).string(4, node.op);
  for (const [key, value] of Object.entries(node.attributes)) proto.message(5, attributeProto(key, value));
  return proto.string(7, node.domain);
}

function attributeProto(name: string, value: OnnxAttribute): ProtoWriter {
  const proto = new ProtoWriter().string(1, name);
  if (typeof value === 'number') return proto.int(3, value).int(20, 2);
  if (typeof value === 'string') return proto.string(4, value).int(20, 3);
  if ('float' in value) return proto.float(2, value.float).int(20, 1);
  for (const element of value) proto.int(8, element);
  return proto.int(20, 7);
}

function tensorProto(constant: OnnxConstant): ProtoWriter {
  const proto = new ProtoWriter();
  for (const dim of constant.shape) proto.int(1, dim);
  return proto.int(2, DATA_TYPE[constant.dtype]).string(8, constant.name).raw(9, constant.data);
}

function valueProto(value: OnnxValue): ProtoWriter {
  const shape = new ProtoWriter();
  for (const dim of value.shape) {
    const proto = new ProtoWriter();
    shape.message(1, typeof dim === 'number' ? proto.int(1, dim) : proto.string(2, dim));
  }
  const tensorType = new ProtoWriter().int(1, DATA_TYPE[value.dtype]).message(2, shape);
  return new ProtoWriter().string(1, value.name).message(2, new ProtoWriter().message(1, tensorType));
}
