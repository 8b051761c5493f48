import { dimAt } from '../../tensor/shape.ts';
import type { Node, Value } from '../ir/graph.ts';
import type { OperationOf, Window } from '../ir/operation.ts';
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
    recipe.kind === 'swapped'
      ? swapped(x, dy, operation.window, emitter)
      : columns({ x, dy, window: operation.window, parts: recipe.parts }, emitter);
  emitter.define(output, rowMajor(4), dFilter);
}

type Columns = { x: Value; dy: Value; window: Window; parts: number };

/**
 * Windows of x as rows [B*Ho*Wo, kh*kw*I], transposed, times dy [B*Ho*Wo, O]; the products of the
 * batch's parts add up.
 */
function columns({ x, dy, window, parts }: Columns, emitter: Emitter): Emitted {
  const [batch, dyRows, dyColumns, outputs] = dims4(dy);
  const inputs = dimAt(x.shape, 3);
  const [kh, kw] = window.filter;
  const cells = dyRows * dyColumns;
  const shape = [kh * kw * inputs, outputs];
  const images = paddedImages(x, window, emitter); // [B, Hp * Wp, I]
  const gradients = emitter.reshape(emitter.get(dy), [batch, cells, outputs]);
  const size = batch / parts;
  let sum: Emitted | undefined;
  for (let part = 0; part < parts; part++) {
    const rows = gatherWindows(slice(images, part * size, size, emitter), { x, dy, window }, emitter);
    const operands = [
      emitter.reshape(rows, [size * cells, kh * kw * inputs]),
      emitter.reshape(slice(gradients, part * size, size, emitter), [size * cells, outputs]),
    ];
    if (sum) operands.push(sum);
    sum = emitter.op('Gemm', operands, shape, { transA: 1, transB: 0 });
  }
  if (!sum) throw new Error('a batch has at least one part');
  return emitter.reshape(sum, [kh, kw, inputs, outputs]);
}

/** `count` entries of x's first axis from `begin`. */
function slice(x: Emitted, begin: number, count: number, emitter: Emitter): Emitted {
  const [extent, ...rest] = x.shape;
  if (extent === count) return x;
  const { builder } = emitter;
  const operands = [x, builder.int64s([begin]), builder.int64s([begin + count]), builder.int64s([0])];
  return emitter.op('Slice', operands, [count, ...rest]);
}

/** x with its zero padding, as [B, Hp * Wp, I]. */
function paddedImages(x: Value, window: Window, emitter: Emitter): Emitted {
  const [batch, height, width, inputs] = dims4(x);
  const [top, left, bottom, right] = window.pad;
  const [paddedHeight, paddedWidth] = [height + top + bottom, width + left + right];
  const isPadded = top + left + bottom + right > 0;
  const padded = isPadded
    ? emitter.op(
        'Pad',
        [emitter.get(x), emitter.builder.int64s([0, top, left, 0, 0, bottom, right, 0])],
        [batch, paddedHeight, paddedWidth, inputs],
      )
    : emitter.get(x);
  return emitter.reshape(padded, [batch, paddedHeight * paddedWidth, inputs]);
}

/** [images, Ho*Wo*kh*kw, I]: the input under each window position of some padded images. */
function gatherWindows(
  images: Emitted,
  { x, dy, window }: Pick<Columns, 'x' | 'dy' | 'window'>,
  emitter: Emitter,
): Emitted {
  const [kh, kw] = window.filter;
  const [sh, sw] = window.stride;
  if (kh * kw === 1 && sh * sw === 1) return images;
  const [, dyRows, dyColumns] = dims4(dy);
  const paddedWidth = dimAt(x.shape, 2) + window.pad[1] + window.pad[3];
  const indices = windowIndices({ dyRows, dyColumns, kh, kw, sh, sw, paddedWidth });
  const name = emitter.builder.constant('int32', [indices.length], indices);
  const [count = 0, , inputs = 0] = images.shape;
  return emitter.op('Gather', [images, name], [count, indices.length, inputs], { axis: 1 });
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
