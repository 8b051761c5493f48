import { Tensor } from 'onnxruntime-node';
import type { Dtype, HostData } from '../../tensor/dtype.ts';

/** An ONNX Runtime tensor over host memory, without a copy. */
export function ortTensor(dtype: Dtype, data: HostData, dims: readonly number[]): Tensor {
  return new Tensor(dtype, data, dims);
}
