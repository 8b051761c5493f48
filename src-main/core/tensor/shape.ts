/** Dimensions of a tensor, outermost first. A scalar is `[]`. */
export type Shape = readonly number[];

/** Number of elements; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, dim) => size * dim, 1);
}

/** True when both shapes have the same rank and the same dimensions. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/**
 * Shape of an elementwise result under NumPy's broadcasting rule.
 * @throws Error when a pair of dimensions differs and neither is 1.
 */
export function broadcastShapes(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const dimA = a[axis - rank + a.length] ?? 1;
    const dimB = b[axis - rank + b.length] ?? 1;
    if (dimA !== dimB && dimA !== 1 && dimB !== 1) {
      throw new Error(`cannot broadcast [${a.join(', ')}] with [${b.join(', ')}]`);
    }
    return dimA === 1 ? dimB : dimA;
  });
}

/** `shape` with its dimensions reordered: result axis `i` is axis `order[i]`. */
export function permute(shape: Shape, order: readonly number[]): number[] {
  return order.map((axis) => dimAt(shape, axis));
}

/** The dimension at `axis`, which must exist. */
export function dimAt(shape: Shape, axis: number): number {
  const dim = shape[axis];
  if (dim === undefined) throw new Error(`shape [${shape.join(', ')}] has no axis ${axis}`);
  return dim;
}

/** Elements between neighbours along each axis of a row-major tensor. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** `[2, 3, 4]`, as graphs and error messages print it. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}
