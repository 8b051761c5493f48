import { dimAt, sizeOf } from '../../tensor/shape.ts';
import type { Node, Value } from '../ir/graph.ts';
import type { OperationOf, Window } from '../ir/operation.ts';
import type { Emitted, Emitter } from './emitter.ts';
import { NCHW, viewShape } from './layout.ts';

/** Lowers maxPool, blocked where the channels are. */
export function lowerMaxPool(node: Node, operation: OperationOf<'maxPool'>, emitter: Emitter): void {
  const [x] = node.inputs;
  const [output] = node.outputs;
  if (!x || !output) throw new Error('maxPool needs an operand');
  const own = emitter.layoutOf(x);
  const layout = own.block > 1 ? own : NCHW;
  const op = own.block > 1 ? 'com.microsoft.nchwc:MaxPool' : 'MaxPool';
  const pooled = emitter.op(op, [emitter.get(x, layout)], viewShape(layout, output.shape), {
    ...attributesOf(operation.window),
    ...(own.block > 1 ? { dilations: [1, 1] } : {}),
  });
  emitter.define(output, layout, pooled);
}

/** Lowers the gradient of maxPool: all of it to the first maximum of each window. */
export function lowerMaxPoolGradient(
  node: Node,
  operation: OperationOf<'maxPoolGradient'>,
  emitter: Emitter,
): void {
  const [dy, x, y] = node.inputs;
  const [output] = node.outputs;
  if (!dy || !x || !y || !output) throw new Error('maxPoolGradient needs dy, x and y');
  const dx =
    emitter.recipes.maxPoolGradient === 'indices'
      ? scattered(dy, x, operation.window, emitter)
      : compared({ dy, x, y, window: operation.window }, emitter);
  emitter.define(output, NCHW, dx);
}

/** Adds dy up at the positions that MaxPool reports; overlapping windows can choose the same one. */
function scattered(dy: Value, x: Value, window: Window, emitter: Emitter): Emitted {
  const image = emitter.get(x, NCHW);
  const [, indices] = emitter.builder.pairOp('MaxPool', [image.name], attributesOf(window));
  const [inputSize, outputSize] = [sizeOf(x.shape), sizeOf(dy.shape)];
  const flatIndices = emitter.reshape({ name: indices, shape: viewShape(NCHW, dy.shape) }, [outputSize]);
  const zero: Emitted = { name: emitter.builder.floats([0]), shape: [1] };
  const zeros = emitter.op('Expand', [zero, emitter.builder.int64s([inputSize])], [inputSize]);
  const dx = emitter.op('ScatterElements', [zeros, flatIndices, emitter.getFlat(dy, NCHW)], [inputSize], {
    axis: 0,
    reduction: 'add',
  });
  return emitter.reshape(dx, image.shape);
}

/**
 * For providers without MaxPool indices: window position by window position, dy goes where x equals
 * the maximum and no earlier position has taken it. Shifted masks add up to dx on a padded grid.
 */
function compared(operands: { dy: Value; x: Value; y: Value; window: Window }, emitter: Emitter): Emitted {
  const { window } = operands;
  const [dy, x, y] = [operands.dy, operands.x, operands.y].map((value) => emitter.get(value, NCHW));
  if (!dy || !x || !y) throw new Error('maxPoolGradient misses an operand');
  const { builder } = emitter;
  const [top, left, bottom, right] = window.pad;
  const [batch, channels, height, width] = [0, 1, 2, 3].map((axis) => dimAt(x.shape, axis));
  const [rows, columns] = [dimAt(y.shape, 2), dimAt(y.shape, 3)];
  const [sh, sw] = window.stride;
  // Wide enough that every strided slice below has `rows` and `columns` entries.
  const paddedHeight = Math.max((height ?? 0) + top + bottom, (rows - 1) * sh + window.filter[0]);
  const paddedWidth = Math.max((width ?? 0) + left + right, (columns - 1) * sw + window.filter[1]);
  const belowEverything = builder.floats(-3.4e38);
  const spread = [
    0,
    0,
    top,
    left,
    0,
    0,
    paddedHeight - (height ?? 0) - top,
    paddedWidth - (width ?? 0) - left,
  ];
  const padded = emitter.op(
    'Pad',
    [x, builder.int64s(spread), belowEverything],
    [batch ?? 0, channels ?? 0, paddedHeight, paddedWidth],
  );
  const zero = builder.floats(0);
  let remaining = dy;
  let total: Emitted | undefined;
  for (let i = 0; i < window.filter[0]; i++) {
    for (let j = 0; j < window.filter[1]; j++) {
      const ends = [i + (rows - 1) * sh + 1, j + (columns - 1) * sw + 1];
      const tap = emitter.op(
        'Slice',
        [
          padded,
          builder.int64s([i, j]),
          builder.int64s(ends),
          builder.int64s([2, 3]),
          builder.int64s([sh, sw]),
        ],
        y.shape,
      );
      const isMaximum = emitter.op('Equal', [tap, y], y.shape);
      const taken = emitter.op('Where', [isMaximum, remaining, zero], y.shape);
      remaining = emitter.op('Where', [isMaximum, zero, remaining], y.shape);
      const spreadOut = zeroStuffed(taken, { i, j, sh, sw, paddedHeight, paddedWidth }, emitter);
      total = total ? emitter.op('Add', [total, spreadOut], spreadOut.shape) : spreadOut;
    }
  }
  if (!total) throw new Error('a pooling window has at least one position');
  const [h, w] = [dimAt(x.shape, 2), dimAt(x.shape, 3)];
  return emitter.op(
    'Slice',
    [total, builder.int64s([top, left]), builder.int64s([top + h, left + w]), builder.int64s([2, 3])],
    x.shape,
  );
}

/** Entry (r, c) of x at (r * sh + i, c * sw + j) of a grid of zeros. */
function zeroStuffed(
  x: Emitted,
  place: Record<'i' | 'j' | 'sh' | 'sw' | 'paddedHeight' | 'paddedWidth', number>,
  emitter: Emitter,
): Emitted {
  const { i, j, sh, sw, paddedHeight, paddedWidth } = place;
  const { builder } = emitter;
  const [batch, channels, rows, columns] = [0, 1, 2, 3].map((axis) => dimAt(x.shape, axis)) as [
    number,
    number,
    number,
    number,
  ];
  const images = batch * channels;
  const apart = emitter.reshape(x, [images, rows, 1, columns, 1]);
  const stuffed = emitter.op(
    'Pad',
    [apart, builder.int64s([0, 0, 0, 0, 0, 0, 0, sh - 1, 0, sw - 1])],
    [images, rows, sh, columns, sw],
  );
  const grid = emitter.reshape(stuffed, [images, rows * sh, columns * sw]);
  // Negative padding crops: what lies past the last entry is zero anyway.
  const after = [paddedHeight - i - rows * sh, paddedWidth - j - columns * sw];
  const cropped = emitter.op(
    'Slice',
    [
      grid,
      builder.int64s([0, 0]),
      builder.int64s([rows * sh + Math.min(after[0] ?? 0, 0), columns * sw + Math.min(after[1] ?? 0, 0)]),
      builder.int64s([1, 2]),
    ],
    [images, rows * sh + Math.min(after[0] ?? 0, 0), columns * sw + Math.min(after[1] ?? 0, 0)],
  );
  const placed = emitter.op(
    'Pad',
    [cropped, builder.int64s([0, i, j, 0, Math.max(after[0] ?? 0, 0), Math.max(after[1] ?? 0, 0)])],
    [images, paddedHeight, paddedWidth],
  );
  return emitter.reshape(placed, [batch, channels, paddedHeight, paddedWidth]);
}

function attributesOf(window: Window) {
  return { kernel_shape: window.filter, strides: window.stride, pads: window.pad };
}
