import { Tensor } from 'onnxruntime-node';
import type { Dtype, HostData } from '../../tensor/dtype.ts';

/** An ONNX Runtime tensor over host memory, without a copy. */
export function ortTensor(dtype: Dtype, data: HostData, dims: readonly number[]): Tensor {
  return new Tensor(dtype, data, dims);
}

/** @throws Error for a tensor that is not in host memory or has an element type we never write */
export function hostDataOf(tensor: Tensor): HostData {
  const { data } = tensor;
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array) return data;
  throw new Error(`a tensor of type ${tensor.type} came back`);
}
