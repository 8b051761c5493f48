import { dimAt, permute, sizeOf, type Shape } from '../tensor/shape.ts';
import type { ParameterSpec } from '../model/parameters.ts';

type Layout = Pick<ParameterSpec, 'kind' | 'shape'>;

/** The shape that PyTorch gives a parameter: filters [O, I, kh, kw], linear weights [out, in]. */
export function torchShape({ kind, shape }: Layout): Shape {
  if (kind === 'filter') return permute(shape, [3, 2, 0, 1]);
  return kind === 'linear' ? shape.toReversed() : shape;
}

/**
 * A parameter's elements brought from PyTorch's order to ours: filters [kh, kw, I, O], linear [in, out].
 * @returns a copy; vectors too
 */
export function fromTorchOrder(data: Float32Array, layout: Layout): Float32Array<ArrayBuffer> {
  const result = new Float32Array(data.length);
  forEachElement(layout, (torch, own) => (result[own] = data[torch] ?? NaN));
  return result;
}

/** The inverse of `fromTorchOrder`. */
export function toTorchOrder(data: Float32Array, layout: Layout): Float32Array<ArrayBuffer> {
  const result = new Float32Array(data.length);
  forEachElement(layout, (torch, own) => (result[torch] = data[own] ?? NaN));
  return result;
}

function forEachElement({ kind, shape }: Layout, visit: (torch: number, own: number) => void): void {
  const isMatrix = kind === 'filter' || kind === 'linear';
  const inputs = isMatrix ? dimAt(shape, shape.length - 2) : 1;
  const outputs = isMatrix ? dimAt(shape, shape.length - 1) : 1;
  const taps = sizeOf(shape) / inputs / outputs;
  for (let tap = 0; tap < taps; tap++) {
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++) {
        visit((output * inputs + input) * taps + tap, (tap * inputs + input) * outputs + output);
      }
    }
  }
}
