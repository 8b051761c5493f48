import type { Graph, Node, Value } from '../ir/graph.ts';
import { assignLayouts } from './assign-layouts.ts';
import { lowerConv2d, lowerInputGradient } from './convolution.ts';
import { lowerElementwise } from './elementwise.ts';
import { Emitter } from './emitter.ts';
import { lowerFilterGradient } from './filter-gradient.ts';
import { NCHW, rowMajor, viewShape, type Layout } from './layout.ts';
import { lowerAffine, lowerMoments } from './normalisation.ts';
import { lowerMaxPool, lowerMaxPoolGradient } from './pooling.ts';
import { recipesFor } from './recipes.ts';
import {
  lowerArgReduce,
  lowerConstant,
  lowerMatMul,
  lowerOneHot,
  lowerReduce,
  lowerStructure,
} from './structure.ts';
import type { Target } from './lowering-target.ts';
import type { GraphBuilder } from './onnx/graph-builder.ts';
import { sizeOf } from '../../tensor/shape.ts';

/** A graph as ONNX: inputs and results keep their names, state is `state:NAME` and `next:NAME`. */
export type LoweredGraph = {
  builder: GraphBuilder;
  /** Memory layout of each state entry; its ONNX tensor is the vector of its elements in that order. */
  stateLayouts: ReadonlyMap<string, Layout>;
};

/** ONNX name of the input that carries a state entry. */
export function stateInputName(name: string): string {
  return `state:${name}`;
}

/** ONNX name of the output that carries a state entry's next value. */
export function stateOutputName(name: string): string {
  return `next:${name}`;
}

export type LowerOptions = {
  /** Layouts that state entries already have in memory, from an earlier graph. */
  pinnedState?: ReadonlyMap<string, Layout>;
  /** Order of four-dimensional inputs and outputs; the graph's own by default. */
  imageOrder?: 'nhwc' | 'nchw';
  /** Whether nodes may not hold sizes of their operands, where a lowering without them exists. */
  isOpen?: boolean;
};

/**
 * Lowers a simplified graph.
 * @throws Error naming an operation that only exists before simplification
 */
export function lower(
  graph: Graph,
  target: Target,
  { pinnedState = new Map(), imageOrder = 'nhwc', isOpen = false }: LowerOptions = {},
): LoweredGraph {
  const boundaryLayout = ({ shape }: Value) =>
    imageOrder === 'nchw' && shape.length === 4 ? NCHW : rowMajor(shape.length);
  const layoutOf = assignLayouts(graph, target, pinnedState);
  const emitter = new Emitter(graph.name, { target, recipes: recipesFor(target), layoutOf, isOpen });
  const { builder } = emitter;
  for (const [name, value] of graph.inputs) {
    const layout = boundaryLayout(value);
    const shape = viewShape(layout, value.shape);
    builder.input(name, value.dtype, shape);
    emitter.define(value, layout, { name, shape });
  }
  for (const [name, value] of graph.state) {
    const size = sizeOf(value.shape);
    builder.input(stateInputName(name), value.dtype, [size]);
    emitter.define(value, layoutOf(value), { name: stateInputName(name), shape: [size] });
  }
  for (const node of graph.nodes) lowerNode(node, emitter);
  for (const [name, value] of graph.outputs) {
    const layout = boundaryLayout(value);
    builder.output(name, emitter.get(value, layout).name, value.dtype, viewShape(layout, value.shape));
  }
  for (const [name, value] of graph.nextState) {
    const flat = emitter.getFlat(value, stateLayout(graph, name, layoutOf));
    builder.output(stateOutputName(name), flat.name, value.dtype, [sizeOf(value.shape)]);
  }
  const stateLayouts = new Map([...graph.state].map(([name, value]) => [name, layoutOf(value)] as const));
  return { builder, stateLayouts };
}

function stateLayout(graph: Graph, name: string, layoutOf: (value: Value) => Layout): Layout {
  const value = graph.state.get(name);
  if (!value) throw new Error(`'${name}' is no state of ${graph.name}`);
  return layoutOf(value);
}

function lowerNode(node: Node, emitter: Emitter): void {
  const { operation } = node;
  switch (operation.op) {
    case 'unary':
    case 'binary':
    case 'select':
    case 'cast':
    case 'reluGradient': {
      lowerElementwise(node, emitter);
      return;
    }
    case 'reshape':
    case 'transpose':
    case 'concat':
    case 'slice':
    case 'pad':
    case 'tile':
    case 'reverse':
    case 'gather': {
      lowerStructure(node, emitter);
      return;
    }
    case 'constant':
    case 'splat': {
      lowerConstant(node, emitter);
      return;
    }
    case 'reduce': {
      lowerReduce(node, operation, emitter);
      return;
    }
    case 'argReduce': {
      lowerArgReduce(node, operation, emitter);
      return;
    }
    case 'oneHot': {
      lowerOneHot(node, operation, emitter);
      return;
    }
    case 'matMul': {
      lowerMatMul(node, operation, emitter);
      return;
    }
    case 'conv2d': {
      lowerConv2d(node, operation, emitter);
      return;
    }
    case 'conv2dInputGradient': {
      lowerInputGradient(node, operation, emitter);
      return;
    }
    case 'conv2dFilterGradient': {
      lowerFilterGradient(node, operation, emitter);
      return;
    }
    case 'maxPool': {
      lowerMaxPool(node, operation, emitter);
      return;
    }
    case 'maxPoolGradient': {
      lowerMaxPoolGradient(node, operation, emitter);
      return;
    }
    case 'moments': {
      lowerMoments(node, emitter);
      return;
    }
    case 'affine': {
      lowerAffine(node, operation, emitter);
      return;
    }
    case 'batchNorm':
    case 'batchNormTrain':
    case 'batchNormTrainGradient':
      throw new Error(`${operation.op} is lowered only after it has been expanded`);
  }
}
