import { GraphBuilder } from '../../compile/lower/onnx/graph-builder.ts';
import { IOU_EPSILON, IOU_WEIGHT } from '../../model/mask-loss.ts';

/**
 * The gradient that one image gives a head, as an ONNX file, which ONNX Runtime computes five times faster than
 * JavaScript: cross-entropy, weighted by area, and half of a soft IoU.
 *
 * Inputs: `features` [R, D], `weights` [D, 1], `bias` [1], `targets` and `areas` [R]. Output: `gradient` [D + 1], of the
 * bias last.
 */
export function headStepGraph(dim: number): Uint8Array {
  const builder = new GraphBuilder('head-step');
  const features = builder.input('features', 'float32', ['rows', dim]);
  const weights = builder.input('weights', 'float32', [dim, 1]);
  const bias = builder.input('bias', 'float32', [1]);
  const targets = builder.input('targets', 'float32', ['rows']);
  const areas = builder.input('areas', 'float32', ['rows']);
  const products = builder.op('MatMul', [features, weights]); // [R, 1]
  const logits = builder.op('Add', [builder.op('Reshape', [products, builder.int64s([-1])]), bias]); // [R]
  const slopes = slopesOf(builder, { shares: builder.op('Sigmoid', [logits]), targets, areas });
  const row = builder.op('Reshape', [slopes, builder.int64s([1, -1])]); // [1, R]
  const ofWeights = builder.op('Reshape', [builder.op('MatMul', [row, features]), builder.int64s([dim])]);
  const ofBias = builder.op('ReduceSum', [slopes]); // [1]
  const gradient = builder.op('Concat', [ofWeights, ofBias], { axis: 0 });
  builder.output('gradient', gradient, 'float32', [dim + 1]);
  return builder.model();
}

type Answers = { shares: string; targets: string; areas: string };

/** The loss' gradient by each row's logit: [R]. */
function slopesOf(builder: GraphBuilder, { shares, targets, areas }: Answers): string {
  const op = (name: string, ...inputs: string[]) => builder.op(name, inputs);
  const one = builder.floats(1);
  const area = op('ReduceSum', areas); // [1]
  const shared = op('Mul', shares, targets);
  const both = op('ReduceSum', op('Mul', areas, shared)); // [1]
  const union = op('ReduceSum', op('Mul', areas, op('Sub', op('Add', shares, targets), shared))); // [1]
  const either = op('Add', union, op('Mul', area, builder.floats(IOU_EPSILON)));
  const crossEntropy = op('Div', op('Sub', shares, targets), area);
  const change = op('Sub', op('Mul', both, op('Sub', one, targets)), op('Mul', targets, either));
  const steepness = op('Mul', shares, op('Sub', one, shares));
  const iou = op('Mul', op('Div', change, op('Mul', either, either)), steepness);
  return op('Mul', areas, op('Add', crossEntropy, op('Mul', iou, builder.floats(IOU_WEIGHT))));
}
