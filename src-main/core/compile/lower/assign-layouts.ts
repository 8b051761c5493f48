import { dimAt, sameShape } from '../../tensor/shape.ts';
import type { Graph, Node, Value } from '../ir/graph.ts';
import {
  blockedFilter,
  blockedImage,
  blockedStemFilter,
  NCHW,
  OIHW,
  rowMajor,
  type Layout,
} from './layout.ts';
import type { Target } from './lowering-target.ts';

/**
 * Layout of every value of a graph.
 *
 * Convolutions and pools ask for an image and a filter layout. Values that are tied by elementwise
 * operations share theirs, so that a weight, its gradient, its momentum and its EMA copy agree and no
 * transpose comes between a convolution and what follows it. Everything else is row-major.
 * @param pinnedState layouts that state entries already have in memory
 */
export function assignLayouts(
  graph: Graph,
  target: Target,
  pinnedState: ReadonlyMap<string, Layout>,
): (value: Value) => Layout {
  const groups = new Groups();
  for (const node of graph.nodes) tie(node, groups);
  for (const [name, next] of graph.nextState) {
    const current = graph.state.get(name);
    if (current) groups.join(current, next);
  }
  const layouts = new Map<number, Layout>();
  const pin = (value: Value | undefined, layout: Layout) => {
    if (!value) return;
    const root = groups.rootOf(value.id);
    if (!layouts.has(root)) layouts.set(root, layout);
  };
  for (const [name, layout] of pinnedState) pin(graph.state.get(name), layout);
  for (const node of graph.nodes) pinOperands(node, target, pin);
  return (value) => layouts.get(groups.rootOf(value.id)) ?? rowMajor(value.shape.length);
}

/** Layout of images with `channels` channels. */
export function imageLayout(channels: number, { block }: Target): Layout {
  return block > 0 && channels % block === 0 ? blockedImage(block) : NCHW;
}

/** Layout of filters [kh, kw, inputs, outputs]. */
export function filterLayout(inputs: number, outputs: number, { block }: Target): Layout {
  if (block === 0 || outputs % block !== 0) return OIHW;
  if (inputs % block === 0) return blockedFilter(block);
  return inputs < block ? blockedStemFilter(block) : OIHW;
}

function pinOperands(node: Node, target: Target, pin: (value: Value | undefined, layout: Layout) => void) {
  const [first, second, third] = node.inputs;
  const [output] = node.outputs;
  const pinImage = (value: Value | undefined) => {
    if (value) pin(value, imageLayout(dimAt(value.shape, 3), target));
  };
  const pinFilter = (value: Value | undefined) => {
    if (value) pin(value, filterLayout(dimAt(value.shape, 2), dimAt(value.shape, 3), target));
  };
  switch (node.operation.op) {
    case 'conv2d':
      pinFilter(second);
      pinImage(first);
      pinImage(output);
      break;
    case 'conv2dInputGradient':
      pinFilter(second);
      pinImage(first);
      pinImage(third);
      pinImage(output);
      break;
    case 'conv2dFilterGradient':
      pinFilter(output);
      break;
    case 'maxPool':
      pinImage(first);
      pinImage(output);
      break;
    case 'maxPoolGradient':
      pinImage(first);
      pinImage(second);
      pinImage(output);
      break;
    default:
  }
}

/** Joins the values that a node would have to convert if their layouts differed. */
function tie(node: Node, groups: Groups): void {
  const [output] = node.outputs;
  switch (node.operation.op) {
    case 'unary':
    case 'binary':
    case 'select':
    case 'cast':
    case 'affine':
    case 'reluGradient':
      for (const input of node.inputs) {
        if (output && sameShape(input.shape, output.shape)) groups.join(input, output);
      }
      break;
    default:
  }
}

/** Union-find over value ids. */
class Groups {
  readonly #parents = new Map<number, number>();

  join(a: Value, b: Value): void {
    this.#parents.set(this.rootOf(a.id), this.rootOf(b.id));
  }

  rootOf(id: number): number {
    let root = id;
    for (let parent = this.#parents.get(root); parent !== undefined && parent !== root;) {
      root = parent;
      parent = this.#parents.get(root);
    }
    this.#parents.set(id, root);
    return root;
  }
}
