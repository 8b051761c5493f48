import { dimAt } from '../../tensor/shape.ts';
import type { Node, Value } from '../graph.ts';
import type { OperationOf, Window } from '../operation.ts';
import { problemOf } from './convolution.ts';
import type { Emitted, Emitter } from './emitter.ts';
import { NCHW, rowMajor } from './layout.ts';
import { swappedEndPad } from './recipes.ts';

/** Lowers the gradient with respect to the convolution's filter. */
export function lowerFilterGradient(
  node: Node,
  operation: OperationOf<'conv2dFilterGradient'>,
  emitter: Emitter,
): void {
  const [x, dy] = node.inputs;
  const [output] = node.outputs;
  if (!x || !dy || !output) throw new Error('conv2dFilterGradient needs x and dy');
  const problem = problemOf(operation.window, x.shape, dy.shape);
  const recipe = emitter.recipes.filterGradient(problem);
  const dFilter =
    recipe === 'swapped'
      ? swapped(x, dy, operation.window, emitter)
      : columns(x, dy, operation.window, emitter);
  emitter.define(output, rowMajor(4), dFilter);
}

/** One product: windows of x as rows [B*Ho*Wo, kh*kw*I], transposed, times dy [B*Ho*Wo, O]. */
function columns(x: Value, dy: Value, window: Window, emitter: Emitter): Emitted {
  const [batch, dyRows, dyColumns, outputs] = dims4(dy);
  const inputs = dimAt(x.shape, 3);
  const [kh, kw] = window.filter;
  const positions = batch * dyRows * dyColumns;
  const rows = windowRows(x, dy, window, emitter);
  const product = emitter.op(
    'Gemm',
    [
      emitter.reshape(rows, [positions, kh * kw * inputs]),
      emitter.reshape(emitter.get(dy), [positions, outputs]),
    ],
    [kh * kw * inputs, outputs],
    { transA: 1, transB: 0 },
  );
  return emitter.reshape(product, [kh, kw, inputs, outputs]);
}

/** [B, Ho*Wo*kh*kw, I]: the input under each window position. */
function windowRows(x: Value, dy: Value, window: Window, emitter: Emitter): Emitted {
  const [batch, height, width, inputs] = dims4(x);
  const [, dyRows, dyColumns] = dims4(dy);
  const [kh, kw] = window.filter;
  const [top, left, bottom, right] = window.pad;
  const [sh, sw] = window.stride;
  const plain = emitter.get(x);
  if (kh * kw === 1 && sh * sw === 1) return plain;
  const [paddedHeight, paddedWidth] = [height + top + bottom, width + left + right];
  const isPadded = top + left + bottom + right > 0;
  const padded = isPadded
    ? emitter.op(
        'Pad',
        [plain, emitter.builder.int64s([0, top, left, 0, 0, bottom, right, 0])],
        [batch, paddedHeight, paddedWidth, inputs],
      )
    : plain;
  const indices = windowIndices({ dyRows, dyColumns, kh, kw, sh, sw, paddedWidth });
  return emitter.op(
    'Gather',
    [
      emitter.reshape(padded, [batch, paddedHeight * paddedWidth, inputs]),
      emitter.builder.constant('int32', [indices.length], indices),
    ],
    [batch, indices.length, inputs],
    { axis: 1 },
  );
}

/** Positions in the padded input, window position by window position, tap by tap. */
function windowIndices(
  sizes: Record<'dyRows' | 'dyColumns' | 'kh' | 'kw' | 'sh' | 'sw' | 'paddedWidth', number>,
): Int32Array {
  const { dyRows, dyColumns, kh, kw, sh, sw, paddedWidth } = sizes;
  const indices = new Int32Array(dyRows * dyColumns * kh * kw);
  let next = 0;
  for (let row = 0; row < dyRows; row++) {
    for (let column = 0; column < dyColumns; column++) {
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++) indices[next++] = (row * sh + i) * paddedWidth + column * sw + j;
      }
    }
  }
  return indices;
}

/** dFilter[i, o] = x[i] convolved with dy[o], the batch as channels and the stride as dilation. */
function swapped(x: Value, dy: Value, window: Window, emitter: Emitter): Emitted {
  const problem = problemOf(window, x.shape, dy.shape);
  const channelsFirst = (value: Value) => emitter.transpose(emitter.get(value, NCHW), [1, 0, 2, 3]);
  const [kh, kw] = window.filter;
  const ends = ([0, 1] as const).map((axis) =>
    swappedEndPad(window, problem.inputSize, problem.outputSize, axis),
  );
  const product = emitter.op(
    'Conv',
    [channelsFirst(x), channelsFirst(dy)],
    [problem.inputs, problem.outputs, kh, kw],
    {
      kernel_shape: problem.outputSize,
      dilations: window.stride,
      strides: [1, 1],
      pads: [window.pad[0], window.pad[1], ...ends],
    },
  );
  return emitter.transpose(product, [2, 3, 0, 1]);
}

function dims4(value: Value): [number, number, number, number] {
  return [dimAt(value.shape, 0), dimAt(value.shape, 1), dimAt(value.shape, 2), dimAt(value.shape, 3)];
}
