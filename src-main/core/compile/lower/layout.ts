import { dimAt, sizeOf, type Shape } from '../../tensor/shape.ts';

/** One physical axis: a logical axis, or the outer or inner half of one that is cut into blocks. */
type LayoutAxis = { axis: number; part: 'whole' | 'outer' | 'inner' };

/**
 * How a tensor's elements are laid out in memory: physical axes, outermost first.
 *
 * [Note: Layouts] The graph is NHWC and HWIO throughout; the emitter alone stores a tensor otherwise.
 * `view` is the shape that ONNX sees. For the blocked layouts of ONNX Runtime's own NCHWc kernels it
 * is the unblocked [N, C, H, W] or [O, I, kh, kw], which is how those kernels declare their operands,
 * although the elements are in `axes` order.
 */
export type Layout = {
  /** Equal names mean equal layouts. */
  name: string;
  /** Extent of the inner halves; 1 where no axis is cut. */
  block: number;
  axes: readonly LayoutAxis[];
  /** Logical axes in the order of the view. */
  view: readonly number[];
};

const whole = (axis: number): LayoutAxis => ({ axis, part: 'whole' });
const outer = (axis: number): LayoutAxis => ({ axis, part: 'outer' });
const inner = (axis: number): LayoutAxis => ({ axis, part: 'inner' });

function unblocked(name: string, order: readonly number[]): Layout {
  return { name, block: 1, axes: order.map(whole), view: order };
}

/** The graph's own order, for any rank. */
export function rowMajor(rank: number): Layout {
  return unblocked(
    `row-major ${rank}`,
    Array.from({ length: rank }, (_, axis) => axis),
  );
}

/** Images [N, H, W, C] stored as [N, C, H, W]. */
export const NCHW: Layout = unblocked('nchw', [0, 3, 1, 2]);

/** Filters [kh, kw, I, O] stored as [O, I, kh, kw]. */
export const OIHW: Layout = unblocked('oihw', [3, 2, 0, 1]);

/** Images stored as [N, C / block, H, W, block]. */
export function blockedImage(block: number): Layout {
  return {
    name: `nchw${block}c`,
    block,
    axes: [whole(0), outer(3), whole(1), whole(2), inner(3)],
    view: [0, 3, 1, 2],
  };
}

/** Filters stored as [O / block, I / block, kh, kw, block of I, block of O]. */
export function blockedFilter(block: number): Layout {
  return {
    name: `oihw${block}i${block}o`,
    block,
    axes: [outer(3), outer(2), whole(0), whole(1), inner(2), inner(3)],
    view: [3, 2, 0, 1],
  };
}

/** Filters over few input channels, stored as [O / block, I, kh, kw, block of O]. */
export function blockedStemFilter(block: number): Layout {
  return {
    name: `oihw${block}o`,
    block,
    axes: [outer(3), whole(2), whole(0), whole(1), inner(3)],
    view: [3, 2, 0, 1],
  };
}

/** Dimensions in memory of a tensor of logical shape `shape`; axes of extent 1 stay uncut. */
export function physicalShape(layout: Layout, shape: Shape): number[] {
  return layout.axes.map(({ axis, part }) => {
    const dim = dimAt(shape, axis);
    if (part === 'whole') return dim;
    if (part === 'inner') return dim === 1 ? 1 : layout.block;
    return dim === 1 ? 1 : dim / layout.block;
  });
}

/** Shape under which ONNX knows a tensor of logical shape `shape`. */
export function viewShape(layout: Layout, shape: Shape): number[] {
  return layout.view.map((axis) => dimAt(shape, axis));
}

/**
 * How to get from one layout to another: reshape to `split`, transpose by `perm`, reshape to the
 * target's view. `split` cuts every axis that either layout cuts.
 */
export function conversion(from: Layout, to: Layout, shape: Shape): { split: number[]; perm: number[] } {
  const cuts = new Map([...cutAxes(from), ...cutAxes(to)]);
  const atomsOf = (layout: Layout): LayoutAxis[] =>
    layout.axes.flatMap((entry) =>
      entry.part === 'whole' && cuts.has(entry.axis) ? [outer(entry.axis), inner(entry.axis)] : [entry],
    );
  const source = atomsOf(from);
  const extent = ({ axis, part }: LayoutAxis): number => {
    const dim = dimAt(shape, axis);
    const block = cuts.get(axis) ?? 1;
    if (part === 'whole') return dim;
    return part === 'inner' ? block : dim / block;
  };
  const perm = atomsOf(to).map((target) =>
    source.findIndex((atom) => atom.axis === target.axis && atom.part === target.part),
  );
  return { split: source.map(extent), perm };
}

function cutAxes(layout: Layout): [number, number][] {
  return layout.axes
    .filter((entry) => entry.part === 'inner')
    .map((entry) => [entry.axis, layout.block] as const)
    .map(([axis, block]) => [axis, block]);
}

/**
 * For each element in memory order, its index in the graph's row-major order. State crosses between
 * engines and files row-major; this is how it is put into memory and read back, bit for bit.
 */
export function memoryOrder(layout: Layout, shape: Shape): Int32Array {
  const { split, perm } = conversion(rowMajor(shape.length), layout, shape);
  const strides = split.map((_, axis) => sizeOf(split.slice(axis + 1)));
  const dims = perm.map((axis) => dimAt(split, axis));
  const steps = perm.map((axis) => dimAt(strides, axis));
  const order = new Int32Array(sizeOf(shape));
  const counter = dims.map(() => 0);
  let source = 0;
  for (let index = 0; index < order.length; index++) {
    order[index] = source;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const step = steps[axis] ?? 0;
      const dim = dims[axis] ?? 1;
      const next = (counter[axis] ?? 0) + 1;
      if (next < dim) {
        counter[axis] = next;
        source += step;
        break;
      }
      counter[axis] = 0;
      source -= step * (dim - 1);
    }
  }
  return order;
}

/** True when a tensor of this layout can be read by someone who expects the graph's own order. */
export function isRowMajor(layout: Layout): boolean {
  return layout.block === 1 && layout.axes.every((entry, position) => entry.axis === position);
}
