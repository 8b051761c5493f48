import { dimAt, sizeOf } from '../../tensor/shape.ts';
import type { Node, Value } from '../ir/graph.ts';
import type { OperationOf, Window } from '../ir/operation.ts';
import { filterLayout, imageLayout } from './assign-layouts.ts';
import type { Emitted, Emitter } from './emitter.ts';
import { NCHW, OIHW, type Layout } from './layout.ts';

/** ONNX Runtime's convolution on blocked images; its filters are blocked by the caller. */
const BLOCKED_CONV = 'com.microsoft.nchwc:Conv';

/** Lowers conv2d in the layout that `filterLayout` chooses. */
export function lowerConv2d(node: Node, operation: OperationOf<'conv2d'>, emitter: Emitter): void {
  const [x, filter, bias] = node.inputs;
  const [output] = node.outputs;
  if (!x || !filter || !output) throw new Error('conv2d needs x and a filter');
  const layouts = convolutionLayouts(filter, emitter);
  const operands = [emitter.get(x, layouts.input), emitter.get(filter, layouts.filter)];
  if (bias) operands.push(emitter.get(bias));
  const shape = layouts.output.view.map((axis) => dimAt(output.shape, axis));
  const { window } = operation;
  const convolution = { shape, filter: window.filter, strides: window.stride, pads: window.pad };
  const emitted = convolve(operands, convolution, emitter, layouts.filter.block > 1);
  emitter.define(output, layouts.output, emitted);
}

type Convolution = {
  /** View shape of the result. */
  shape: readonly number[];
  filter: readonly [number, number];
  strides: readonly number[];
  /** Top, left, bottom, right. */
  pads: readonly number[];
};

function convolve(
  operands: readonly Emitted[],
  convolution: Convolution,
  emitter: Emitter,
  isBlocked: boolean,
): Emitted {
  const { filter, strides, pads } = convolution;
  const attributes = { kernel_shape: filter, strides, pads, dilations: [1, 1] };
  return emitter.op(isBlocked ? BLOCKED_CONV : 'Conv', operands, convolution.shape, attributes);
}

/** Layouts of a convolution's operands and result: blocked where both channel counts allow it. */
function convolutionLayouts(filter: Value, emitter: Emitter): Record<'input' | 'filter' | 'output', Layout> {
  const [inputs, outputs] = [dimAt(filter.shape, 2), dimAt(filter.shape, 3)];
  const layout = filterLayout(inputs, outputs, emitter.target);
  if (layout === OIHW) return { input: NCHW, filter: OIHW, output: NCHW };
  return {
    input: imageLayout(inputs, emitter.target),
    filter: layout,
    output: imageLayout(outputs, emitter.target),
  };
}

/** Sizes that recipes are chosen by. `x` is the convolution's input, `y` its result, both NHWC. */
export function problemOf(window: Window, x: readonly number[], y: readonly number[]) {
  return {
    window,
    batch: dimAt(x, 0),
    inputs: dimAt(x, 3),
    outputs: dimAt(y, 3),
    inputSize: [dimAt(x, 1), dimAt(x, 2)],
    outputSize: [dimAt(y, 1), dimAt(y, 2)],
  } as const;
}

/** Lowers the gradient with respect to the convolution's input. */
export function lowerInputGradient(
  node: Node,
  operation: OperationOf<'conv2dInputGradient'>,
  emitter: Emitter,
): void {
  const [dy, filter, addend] = node.inputs;
  const [output] = node.outputs;
  if (!dy || !filter || !output) throw new Error('conv2dInputGradient needs dy and a filter');
  const problem = problemOf(operation.window, operation.shape, dy.shape);
  switch (emitter.recipes.inputGradient(problem)) {
    case 'flipped': {
      flipped({ dy, filter, addend, output, window: operation.window }, emitter);
      return;
    }
    case 'phases': {
      phases({ dy, filter, addend, output, window: operation.window }, emitter);
      return;
    }
    case 'transposed': {
      transposed({ dy, filter, addend, output, window: operation.window }, emitter);
      return;
    }
  }
}

type GradientOperands = {
  dy: Value;
  filter: Value;
  addend: Value | undefined;
  output: Value;
  window: Window;
};

/** dx = dy convolved with the filter turned round in both axes, channels exchanged; stride 1 only. */
function flipped({ dy, filter, addend, output, window }: GradientOperands, emitter: Emitter): void {
  const [kh, kw, inputs, outputs] = dims4(filter);
  const own = filterLayout(inputs, outputs, emitter.target);
  const { block } = emitter.target;
  const isBlocked = own.block > 1 && inputs % block === 0;
  const layout = isBlocked ? imageLayout(inputs, emitter.target) : NCHW;
  const dyLayout = isBlocked ? imageLayout(outputs, emitter.target) : NCHW;
  const [top, left, bottom, right] = window.pad;
  const convolution = {
    shape: layout.view.map((axis) => dimAt(output.shape, axis)),
    filter: window.filter,
    strides: [1, 1],
    pads: [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right],
  };
  const turned = isBlocked
    ? exchangedBlocks(turnedTaps(blockedTaps(filter, own, emitter), 2, emitter), emitter)
    : emitter.transpose(
        turnedTaps(emitter.reshape(emitter.get(filter, OIHW), [outputs, inputs, kh * kw]), 2, emitter),
        [1, 0, 2],
      );
  const operands = [emitter.get(dy, dyLayout), emitter.reshape(turned, [inputs, outputs, kh, kw])];
  if (addend && isBlocked) {
    // Operand 3 is a bias, which an empty name leaves out; operand 4 is added to the result.
    const sum = [...operands, { name: '', shape: [] }, emitter.get(addend, layout)];
    emitter.define(output, layout, convolve(sum, convolution, emitter, true));
    return;
  }
  const dx = convolve(operands, convolution, emitter, isBlocked);
  emitter.define(output, layout, plus(dx, addend, layout, emitter));
}

/**
 * Strided convolution, blocked. Input position s*m + r meets filter tap k where k = r + pad - s*j for
 * an output position m + j: each residue r is a small dense convolution of dy with its own taps. All
 * residues run as one convolution with s*s times the channels, whose results are then interleaved.
 */
function phases({ dy, filter, addend, output, window }: GradientOperands, emitter: Emitter): void {
  const [kh, kw, inputs, outputs] = dims4(filter);
  const { block } = emitter.target;
  const rows = residues(kh, window.stride[0], window.pad[0]);
  const columns = residues(kw, window.stride[1], window.pad[1]);
  const taps = kh * kw;
  // Position of each phase's taps in the filter; `taps` points at a row of zeros.
  const indices = rows.taps.flatMap((rowTaps) =>
    columns.taps.flatMap((columnTaps) =>
      rowTaps.flatMap((row) =>
        columnTaps.map((column) => (row < 0 || column < 0 ? taps : row * kw + column)),
      ),
    ),
  );
  const phaseCount = rows.taps.length * columns.taps.length;
  const window2 = [rows.extent, columns.extent] as const;
  const exchanged = exchangedBlocks(
    blockedTaps(filter, filterLayout(inputs, outputs, emitter.target), emitter),
    emitter,
  ); // [I/b, O/b, taps, b, b]
  const [outer, inner] = [inputs / block, outputs / block];
  const zeros = zeroConstant([outer, inner, 1, block, block], emitter);
  const padded = emitter.op('Concat', [exchanged, zeros], [outer, inner, taps + 1, block, block], {
    axis: 2,
  });
  const { builder } = emitter;
  const picks = builder.constant('int32', [indices.length], Int32Array.from(indices));
  const size = window2[0] * window2[1];
  const gathered = emitter.reshape(
    emitter.op('Gather', [padded, picks], [outer, inner, indices.length, block, block], { axis: 2 }),
    [outer, inner, phaseCount, size, block, block],
  );
  const byPhase = emitter.transpose(gathered, [2, 0, 1, 3, 4, 5]);
  const filters = emitter.reshape(byPhase, [phaseCount * inputs, outputs, ...window2]);

  const [batch, dyRows, dyColumns] = dims4(dy);
  const result = convolve(
    [emitter.get(dy, imageLayout(outputs, emitter.target)), filters],
    {
      shape: [batch, phaseCount * inputs, dyRows, dyColumns],
      filter: window2,
      strides: [1, 1],
      pads: [-rows.first, -columns.first, rows.last, columns.last],
    },
    emitter,
    true,
  );
  const [sh, sw] = window.stride;
  const all = withZeroPhases(result, { rows, columns, batch, outer, dyRows, dyColumns, block }, emitter);
  const split = emitter.reshape(all, [batch, sh, sw, outer, dyRows, dyColumns, block]);
  const interleaved = emitter.transpose(split, [0, 3, 4, 1, 5, 2, 6]);
  const layout = imageLayout(inputs, emitter.target);
  const dx = emitter.reshape(
    interleaved,
    layout.view.map((axis) => dimAt(output.shape, axis)),
  );
  emitter.define(output, layout, plus(dx, addend, layout, emitter));
}

type Residues = {
  /** For each residue that has taps: the tap at each of `extent` offsets, -1 for none. */
  taps: number[][];
  /** The residues that `taps` lists. */
  present: number[];
  stride: number;
  first: number;
  last: number;
  extent: number;
};

/** Filter taps by residue of the input position, along one axis. */
function residues(filter: number, stride: number, pad: number): Residues {
  const offsetsOf = (residue: number) =>
    Array.from({ length: filter }, (_, tap) => tap)
      .filter((tap) => (residue + pad - tap) % stride === 0)
      .map((tap) => ({ tap, offset: (residue + pad - tap) / stride }));
  const all = Array.from({ length: stride }, (_, residue) => offsetsOf(residue));
  const offsets = all.flat().map(({ offset }) => offset);
  const first = Math.min(...offsets, 0);
  const last = Math.max(...offsets, 0);
  const extent = last - first + 1;
  const present = all.flatMap((found, residue) => (found.length > 0 ? [residue] : []));
  const taps = present.map((residue) =>
    Array.from({ length: extent }, (_, position) => {
      const found = all[residue]?.find(({ offset }) => offset === first + position);
      return found ? found.tap : -1;
    }),
  );
  return { taps, present, stride, first, last, extent };
}

/** Puts zeros where a residue meets no tap at all, as three of four do for a 1x1 filter of stride 2. */
function withZeroPhases(
  result: Emitted,
  sizes: Record<'rows' | 'columns', Residues> &
    Record<'batch' | 'outer' | 'dyRows' | 'dyColumns' | 'block', number>,
  emitter: Emitter,
): Emitted {
  const { rows, columns, batch, outer, dyRows, dyColumns, block } = sizes;
  const phaseSize = outer * dyRows * dyColumns * block;
  const present = rows.present.length * columns.present.length;
  const total = rows.stride * columns.stride;
  if (present === total) return result;
  if (present !== 1 || rows.present[0] !== 0 || columns.present[0] !== 0) {
    throw new Error('only the first residue alone may have taps');
  }
  const own = emitter.reshape(result, [batch, 1, phaseSize]);
  const zeros = emitter.op(
    'Expand',
    [zeroConstant([1, 1, 1], emitter), emitter.builder.int64s([batch, total - 1, phaseSize])],
    [batch, total - 1, phaseSize],
  );
  return emitter.op('Concat', [own, zeros], [batch, total, phaseSize], { axis: 1 });
}

/** ONNX ConvTranspose: any stride, unblocked. */
function transposed({ dy, filter, addend, output, window }: GradientOperands, emitter: Emitter): void {
  const problem = problemOf(window, output.shape, dy.shape);
  const [kh, kw] = window.filter;
  const missing = [kh, kw].map((extent, axis) => {
    const position = axis === 0 ? 0 : 1;
    const covered = window.stride[position] * (problem.outputSize[position] - 1) + extent;
    return problem.inputSize[position] - (covered - window.pad[position] - dimAt(window.pad, position + 2));
  });
  const emitted = emitter.op(
    'ConvTranspose',
    [emitter.get(dy, NCHW), emitter.get(filter, OIHW)],
    NCHW.view.map((axis) => dimAt(output.shape, axis)),
    {
      kernel_shape: window.filter,
      output_padding: missing,
      dilations: [1, 1],
      strides: window.stride,
      pads: window.pad,
    },
  );
  emitter.define(output, NCHW, plus(emitted, addend, NCHW, emitter));
}

function plus(dx: Emitted, addend: Value | undefined, layout: Layout, emitter: Emitter): Emitted {
  return addend ? emitter.op('Add', [dx, emitter.get(addend, layout)], dx.shape) : dx;
}

/** A blocked filter as [O/b, I/b, taps, b of I, b of O]. */
function blockedTaps(filter: Value, layout: Layout, emitter: Emitter): Emitted {
  const [kh, kw, inputs, outputs] = dims4(filter);
  const { block } = emitter.target;
  const shape = [outputs / block, inputs / block, kh * kw, block, block];
  return emitter.reshape(emitter.get(filter, layout), shape);
}

function turnedTaps(taps: Emitted, axis: number, emitter: Emitter): Emitted {
  const count = dimAt(taps.shape, axis);
  if (count === 1) return taps;
  const { builder } = emitter;
  const minusOne = builder.int64s([-1]);
  const operands = [taps, minusOne, builder.int64s([-(2 ** 31)]), builder.int64s([axis]), minusOne];
  return emitter.op('Slice', operands, taps.shape);
}

/** [O/b, I/b, taps, b of I, b of O] to [I/b, O/b, taps, b of O, b of I]. */
function exchangedBlocks(taps: Emitted, emitter: Emitter): Emitted {
  return emitter.transpose(taps, [1, 0, 2, 4, 3]);
}

function zeroConstant(shape: readonly number[], emitter: Emitter): Emitted {
  return { name: emitter.builder.floats(new Float32Array(sizeOf(shape)), shape), shape };
}

function dims4(value: Value): [number, number, number, number] {
  return [dimAt(value.shape, 0), dimAt(value.shape, 1), dimAt(value.shape, 2), dimAt(value.shape, 3)];
}
