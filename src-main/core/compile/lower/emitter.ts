import { dimAt, sameShape, sizeOf, type Shape } from '../../tensor/shape.ts';
import type { Value } from '../ir/graph.ts';
import { GraphBuilder } from './onnx/graph-builder.ts';
import { conversion, physicalShape, rowMajor, viewShape, type Layout } from './layout.ts';
import type { Recipes } from './recipes.ts';
import type { Target } from './lowering-target.ts';

/** A value as ONNX knows it: its name, and the shape under that name. */
export type Emitted = { name: string; shape: Shape };

/**
 * Where lowered operations are written: the ONNX graph so far, and for every value of the traced graph
 * the names under which it exists, by layout. A conversion between layouts is emitted at most once,
 * and one that undoes another never is.
 */
export class Emitter {
  readonly builder: GraphBuilder;
  readonly target: Target;
  readonly recipes: Recipes;
  readonly layoutOf: (value: Value) => Layout;
  /** Whether the graph is for operands of any size, so that shapes may not be written into it. */
  readonly isOpen: boolean;
  readonly #emitted = new Map<number, Map<string, { layout: Layout; emitted: Emitted }>>();
  readonly #reshapes = new Map<string, Emitted>();
  readonly #reshapeSource = new Map<string, Emitted>();

  constructor(
    name: string,
    options: { target: Target; recipes: Recipes; layoutOf: (value: Value) => Layout; isOpen: boolean },
  ) {
    this.builder = new GraphBuilder(name);
    this.target = options.target;
    this.recipes = options.recipes;
    this.layoutOf = options.layoutOf;
    this.isOpen = options.isOpen;
  }

  /** Records that `value`, in `layout`, is what ONNX calls `emitted`. */
  define(value: Value, layout: Layout, emitted: Emitted): void {
    const byLayout = this.#emitted.get(value.id) ?? new Map<string, { layout: Layout; emitted: Emitted }>();
    byLayout.set(layout.name, { layout, emitted });
    this.#emitted.set(value.id, byLayout);
  }

  /** The value in a layout, under that layout's view shape; converted if it exists only in others. */
  get(value: Value, layout: Layout = rowMajor(value.shape.length)): Emitted {
    return this.reshape(this.getAnyShape(value, layout), viewShape(layout, value.shape));
  }

  /** As `get`, under whatever shape it was emitted: for those who only need operands to agree. */
  getAnyShape(value: Value, layout: Layout): Emitted {
    const byLayout = this.#emitted.get(value.id);
    const exact = byLayout?.get(layout.name);
    if (exact) return exact.emitted;
    const [first] = byLayout?.values() ?? [];
    if (!byLayout || !first) throw new Error(`%${value.id} has not been lowered`);
    const source = byLayout.get(this.layoutOf(value).name) ?? first;
    const emitted = this.convert(source.emitted, source.layout, layout, value.shape);
    byLayout.set(layout.name, { layout, emitted });
    return emitted;
  }

  /** Moves elements from one layout to another; `shape` is the logical one. */
  convert(source: Emitted, from: Layout, to: Layout, shape: Shape): Emitted {
    const view = viewShape(to, shape);
    if (from.name === to.name) return this.reshape(source, view);
    const reordered = this.#reorder(source, from, to, shape);
    if (reordered) return reordered;
    const { split, perm } = conversion(from, to, shape);
    return this.reshape(this.transpose(this.reshape(source, split), perm), view);
  }

  /** The value's elements in the physical axes of `layout`, blocks as separate axes. */
  getPhysical(value: Value, layout: Layout): Emitted {
    return this.reshape(this.getAnyShape(value, layout), physicalShape(layout, value.shape));
  }

  /** The value in `layout` as a vector of all its elements. */
  getFlat(value: Value, layout: Layout): Emitted {
    return this.reshape(this.getAnyShape(value, layout), [sizeOf(value.shape)]);
  }

  /** Emits an operator whose result has the given shape. */
  op(
    op: string,
    inputs: readonly (Emitted | string)[],
    shape: Shape,
    attributes: Parameters<GraphBuilder['op']>[2] = {},
  ): Emitted {
    const names = inputs.map((input) => (typeof input === 'string' ? input : input.name));
    return { name: this.builder.op(op, names, attributes), shape };
  }

  /** The same elements under another shape. Free: ONNX Runtime shares the memory. */
  reshape(x: Emitted, shape: Shape): Emitted {
    if (sameShape(x.shape, shape)) return x;
    const source = this.#reshapeSource.get(x.name) ?? x;
    if (sameShape(source.shape, shape)) return source;
    const key = `${source.name} ${shape.join()}`;
    const existing = this.#reshapes.get(key);
    if (existing) return existing;
    const reshaped = this.op('Reshape', [source, this.builder.int64s(shape)], shape);
    this.#reshapes.set(key, reshaped);
    this.#reshapeSource.set(reshaped.name, source);
    return reshaped;
  }

  /** Reorders axes; axes of extent 1 that move make a reshape of it where possible. */
  transpose(x: Emitted, perm: readonly number[]): Emitted {
    const shape = perm.map((axis) => dimAt(x.shape, axis));
    const moving = perm.filter((axis) => x.shape[axis] !== 1);
    if (moving.every((axis, position) => position === 0 || axis > (moving[position - 1] ?? -1))) {
      return this.reshape(x, shape);
    }
    return this.op('Transpose', [x], shape, { perm });
  }

  /** ONNX Runtime's threaded kernels between plain and blocked images. */
  #reorder(memory: Emitted, from: Layout, to: Layout, shape: Shape): Emitted | undefined {
    const source = this.reshape(memory, viewShape(from, shape));
    const view = viewShape(to, shape);
    const channels = dimAt(shape, shape.length - 1);
    if (from.name.startsWith('nchw') && from.block > 1 && to.block === 1 && shape.length === 4) {
      const isLast = to.name !== 'nchw';
      const attributes = { channels, channels_last: isLast ? 1 : 0 };
      return this.op('com.microsoft.nchwc:ReorderOutput', [source], view, attributes);
    }
    if (to.name.startsWith('nchw') && to.block > 1 && from.block === 1 && shape.length === 4) {
      const attributes = { channels_last: from.name === 'nchw' ? 0 : 1 };
      return this.op('com.microsoft.nchwc:ReorderInput', [source], view, attributes);
    }
    return undefined;
  }
}
