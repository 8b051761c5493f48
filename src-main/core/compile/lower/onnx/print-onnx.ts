import type { OnnxGraph, OnnxNode, OnnxValue } from './model.ts';

/** An ONNX graph as text, one line per node: `t7 = Conv(x, const_0) strides=[1,1]`. */
export function printOnnx({ name, inputs, outputs, constants, nodes }: OnnxGraph): string {
  return [
    `graph ${name}`,
    ...inputs.map((value) => `input ${printValue(value)}`),
    ...constants.map((value) => `constant ${printValue(value)}`),
    ...nodes.map(printNode),
    ...outputs.map((value) => `output ${printValue(value)}`),
  ].join('\n');
}

function printValue({ name, dtype, shape }: Pick<OnnxValue, 'name' | 'dtype' | 'shape'>): string {
  return `${name} : ${dtype}[${shape.join(', ')}]`;
}

function printNode({ op, domain, inputs, outputs, attributes }: OnnxNode): string {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const type = domain === '' ? op : `${domain}:${op}`;
  return `${outputs.join(', ')} = ${type}(${inputs.join(', ')})${words.join('')}`;
}
