import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../../src-main/core/compile/lower/onnx/graph-builder.ts';
import { orderForMemory } from '../../../../src-main/core/compile/lower/onnx/order-nodes.ts';
import { ProtoWriter } from '../../../../src-main/core/compile/lower/onnx/protobuf.ts';
import { findInPlace } from '../../../../src-main/core/compile/runtime/plan-memory.ts';

describe('the protobuf writer', () => {
  it('writes the examples of the encoding guide', () => {
    expect([...new ProtoWriter().int(1, 150).bytes()]).toEqual([0x08, 0x96, 0x01]);
    expect([...new ProtoWriter().string(2, 'testing').bytes()]).toEqual([
      0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67,
    ]);
    const inner = new ProtoWriter().int(1, 150);
    expect([...new ProtoWriter().message(3, inner).bytes()]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
  });

  it('writes negative integers in ten bytes and floats in four', () => {
    expect([...new ProtoWriter().int(1, -1).bytes()]).toEqual([0x08, ...Array<number>(9).fill(0xff), 0x01]);
    expect([...new ProtoWriter().float(1, 1).bytes()]).toEqual([0x0d, 0, 0, 0x80, 0x3f]);
  });

  it('refuses a number that is no integer', () => {
    expect(() => new ProtoWriter().int(1, 0.5)).toThrow('0.5 is not an integer');
  });
});

describe('a graph', () => {
  it('shares equal constants and leaves out what no output needs', () => {
    const builder = new GraphBuilder('g');
    const x = builder.input('x', 'float32', [2]);
    builder.op('Exp', [x]);
    builder.op('Add', [x, builder.floats([5, 6])]);
    const sum = builder.op('Add', [x, builder.floats([1, 2])]);
    builder.output('y', builder.op('Mul', [sum, builder.floats([1, 2])]), 'float32', [2]);
    const graph = builder.graph();
    expect(graph.nodes.map((node) => node.op)).toEqual(['Add', 'Mul']);
    expect(graph.constants).toHaveLength(1);
    expect(graph.nodes.at(-1)?.outputs).toEqual(['y']);
  });

  it('copies a value that is two outputs at once', () => {
    const builder = new GraphBuilder('g');
    const y = builder.op('Exp', [builder.input('x', 'float32', [2])]);
    builder.output('first', y, 'float32', [2]);
    builder.output('second', y, 'float32', [2]);
    expect(builder.graph().nodes.map(({ op, outputs }) => [op, ...outputs])).toEqual([
      ['Exp', 'first'],
      ['Identity', 'second'],
    ]);
  });
});

const node = (op: string, inputs: string[], output: string) => ({
  op,
  domain: '',
  inputs,
  outputs: [output],
  attributes: {},
});

describe('file order', () => {
  it('is by depth, and ends with the nodes that nobody reads, deepest first', () => {
    const nodes = [
      node('Exp', ['x'], 'a'),
      node('Exp', ['a'], 'b'),
      node('Exp', ['b'], 'deep'),
      node('Neg', ['x'], 'mask'),
      node('Mul', ['b', 'mask'], 'c'),
      node('Neg', ['c'], 'deepest'),
      node('Neg', ['x'], 'shallow'),
    ];
    const order = orderForMemory(nodes, new Set(['deep', 'deepest', 'shallow']));
    expect(order.map(({ outputs }) => outputs[0])).toEqual([
      'a',
      'mask',
      'b',
      'c',
      'deepest',
      'deep',
      'shallow',
    ]);
  });
});

describe('updating in place', () => {
  const entries = new Map([['w', { input: 'w', output: 'next' }]]);
  const inPlace = (...nodes: ReturnType<typeof node>[]) =>
    findInPlace({ name: 'g', inputs: [], outputs: [], constants: [], nodes }, entries).has('w');

  it('is allowed when every reader feeds the writer', () => {
    expect(inPlace(node('Mul', ['w', 'm'], 'a'), node('Add', ['a', 'g'], 'next'))).toBe(true);
    expect(inPlace(node('Sub', ['w', 'g'], 'next'))).toBe(true);
  });

  it('is refused when someone else reads the old value, under whatever shape', () => {
    const writer = node('Sub', ['w', 'g'], 'next');
    expect(inPlace(node('Exp', ['w'], 'other'), writer)).toBe(false);
    expect(inPlace(node('Reshape', ['w', 's'], 'view'), node('Exp', ['view'], 'other'), writer)).toBe(false);
  });

  it('is refused when the writer does not work element by element', () => {
    expect(inPlace(node('Transpose', ['w'], 'next'))).toBe(false);
  });
});
