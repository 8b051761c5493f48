import type { Dtype } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';

/** Shape and element type: everything known about a value before it is computed. */
export type TensorSpec = { shape: Shape; dtype: Dtype };
