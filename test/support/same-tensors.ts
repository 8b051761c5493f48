import { bytesOf } from '../../src-main/core/weights/stored-tensor.ts';
import type { HostData } from '../../src-main/core/tensor/dtype.ts';

type Tensors = Readonly<Record<string, HostData>>;

/**
 * Names of the tensors that are missing in `actual` or differ from `expected` in a bit. Vitest's `toEqual` takes
 * seconds for a million numbers.
 */
export function differingTensors(actual: Tensors, expected: Tensors): string[] {
  return Object.entries(expected).flatMap(([name, data]) => {
    const other = actual[name];
    return other && Buffer.compare(bytesOf(other), bytesOf(data)) === 0 ? [] : [name];
  });
}
