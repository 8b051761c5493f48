import { tf } from '../../tensor/tfjs.ts';

/** Rows and columns around an image, as TensorFlow.js gives them: batch, height, width, channels. */
type Padding = [[number, number], [number, number], [number, number], [number, number]];

/** A kernel's operands and attributes, by name. */
type Kernel = { inputs: tf.NamedTensorInfoMap; attrs: tf.NamedAttrMap };

/**
 * Kernels of the backend `tensorflow` that know only the paddings "valid" and "same". R2O pads by numbers, as PyTorch
 * does; "same" puts the odd row of a strided window elsewhere. So these pad the image first and compute "valid", and
 * their gradients cut off what falls on the padding.
 */
const PADDED: Readonly<Record<string, (kernel: Kernel, pad: Padding) => tf.Tensor>> = {
  Conv2D: ({ inputs, attrs }, pad) =>
    valid('Conv2D', { ...inputs, x: tf.pad(operand(inputs, 'x'), pad) }, attrs),
  Conv2DBackpropFilter: ({ inputs, attrs }, pad) =>
    valid('Conv2DBackpropFilter', { ...inputs, x: tf.pad(operand(inputs, 'x'), pad) }, attrs),
  Conv2DBackpropInput: ({ inputs, attrs }, pad) => {
    const { inputShape } = attrs;
    if (!Array.isArray(inputShape)) throw new Error('a gradient of a convolution has no shape');
    // An attribute array of this kernel holds the four dimensions.
    const shape = inputShape as number[];
    const padded = shape.map((size, axis) => size + (pad[axis]?.[0] ?? 0) + (pad[axis]?.[1] ?? 0));
    return inside(valid('Conv2DBackpropInput', inputs, { ...attrs, inputShape: padded }), pad, shape);
  },
  MaxPool: ({ inputs, attrs }, pad) =>
    valid('MaxPool', { x: tf.pad(operand(inputs, 'x'), pad, -Infinity) }, attrs),
  MaxPoolGrad: ({ inputs, attrs }, pad) => {
    const input = operand(inputs, 'input');
    const gradient = valid('MaxPoolGrad', { ...inputs, input: tf.pad(input, pad, -Infinity) }, attrs);
    return inside(gradient, pad, input.shape);
  },
};

/** Replaces them in the backend, once it is registered; calls without such a padding go to TensorFlow's own kernels. */
export function padBeforeTensorFlow(): void {
  for (const [kernelName, padded] of Object.entries(PADDED)) {
    const backendName = 'tensorflow';
    const own = tf.getKernel(kernelName, backendName);
    if (replaced.has(own.kernelFunc)) continue;
    tf.unregisterKernel(kernelName, backendName);
    const kernelFunc: tf.KernelFunc = ({ inputs, backend, attrs = {} }) => {
      const pad = paddingOf(attrs);
      if (!pad) return own.kernelFunc({ inputs, backend, attrs });
      return tf.tidy(() => padded({ inputs, attrs }, pad));
    };
    replaced.add(kernelFunc);
    tf.registerKernel({ kernelName, backendName, kernelFunc });
  }
}

const replaced = new WeakSet<tf.KernelFunc>();

/** Undefined for "valid", "same", and no padding at all. */
function paddingOf({ pad }: tf.NamedAttrMap): Padding | undefined {
  if (typeof pad === 'string') return undefined;
  if (typeof pad === 'number') return pad === 0 ? undefined : [[0, 0], [pad, pad], [pad, pad], [0, 0]]; // prettier-ignore
  // Nothing else is padding of a convolution or a pool in TensorFlow.js.
  return pad as unknown as Padding;
}

function valid(name: string, inputs: tf.NamedTensorInfoMap, attrs: tf.NamedAttrMap): tf.Tensor {
  // Kernels are handed tensors for each of their operands, and these have one result.
  return tf.engine().runKernel<tf.Tensor>(name, inputs as tf.NamedTensorMap, { ...attrs, pad: 'valid' });
}

function inside(padded: tf.Tensor, pad: Padding, shape: readonly number[]): tf.Tensor {
  return tf.slice(
    padded,
    pad.map(([before]) => before),
    [...shape],
  );
}

function operand(inputs: tf.NamedTensorInfoMap, name: string): tf.Tensor {
  const tensor = inputs[name];
  if (!isTensor(tensor)) throw new Error(`a kernel was called without its operand '${name}'`);
  return tensor;
}

/** Kernels are handed tensors, though their type promises only a data id, a shape and a dtype. */
function isTensor(info: tf.TensorInfo | undefined): info is tf.Tensor {
  return info instanceof tf.Tensor;
}
