import { GraphBuilder } from '../../compile/lower/onnx/graph-builder.ts';
import type { OnnxGraph } from '../../compile/lower/onnx/model.ts';
import type { FeatureSpec, InputRules } from '../../model/backbone.ts';
import type { HeadConvolution } from './foreground-head.ts';

/** How an output of an encoder's graph becomes a map: `heads` is [B, heads, T, channels of a head]. */
export type GraphMap = FeatureSpec & { layout: 'map' | 'tokens' | 'heads'; leadingTokens: number };

export type HeadGraphs = {
  /** From the image to the encoder's input. */
  before: OnnxGraph;
  /** From the encoder's maps to the foreground. */
  after: OnnxGraph;
};

type Options = {
  /** Name of the encoder's own input. */
  encoderInput: string;
  /** Outputs of the encoder that the head reads, in the order of its weights. */
  maps: readonly GraphMap[];
  rules: InputRules;
  head: HeadConvolution;
  /** Names that the encoder's graph already uses. */
  taken: ReadonlySet<string>;
};

const INPUT_NAMES = ['image', 'image_rgb'];
const OUTPUT_NAMES = ['foreground', 'foreground_probability'];
/** Before names of inner values, which no encoder uses. */
const PREFIX = 'r2o_head';
const END = 2 ** 31 - 1;

/**
 * What turns an encoder's graph into one from images to their foregrounds. Only operators whose form is the same
 * since opset 11 are used, so that older graphs can be extended too.
 *
 * Input `image` [1, 3, H, W] float32: red, green and blue in 0..1; output `foreground` [1, 1, H, W] float32: the
 * probability. Both are called otherwise where the encoder uses these names itself.
 */
export function headGraphs(options: Options): HeadGraphs {
  const image = freeName(INPUT_NAMES, options.taken);
  return { before: before(image, options), after: after(image, options) };
}

function before(image: string, { encoderInput, rules }: Options): OnnxGraph {
  const builder = new GraphBuilder('input', `${PREFIX}_input_`);
  const { fixedPx } = rules;
  const sides = fixedPx ? [fixedPx.heightPx, fixedPx.widthPx] : ['height', 'width'];
  builder.input(image, 'float32', [1, 3, ...sides]);
  const centred = builder.op('Sub', [image, builder.floats(rules.mean, [1, 3, 1, 1])]);
  const scaled = builder.op('Div', [centred, builder.floats(rules.std, [1, 3, 1, 1])]);
  builder.output(encoderInput, scaled, 'float32', [1, 3, ...sides]);
  return { ...builder.graph(), outputs: [] };
}

function after(image: string, { maps, rules, head, taken }: Options): OnnxGraph {
  const builder = new GraphBuilder('foreground', `${PREFIX}_`);
  const shape = builder.op('Shape', [image]);
  const sides = [2, 3].map((axis) => builder.op('Gather', [shape, builder.int64s([axis])], { axis: 0 }));
  let from = 0;
  const logits = maps.map((map) => {
    const weights = head.weights.slice(from, (from += map.channels));
    return enlarged(builder, logitsOf(builder, map, weights, sides), sides);
  });
  if (from !== head.weights.length) throw new Error(`a head of ${head.weights.length} weights for ${from}`);
  const sum = logits.reduce((all, one) => builder.op('Add', [all, one]), builder.floats(head.bias));
  const least = builder.op('Max', [sum, builder.floats(-head.maxLogit)]);
  const believed = builder.op('Min', [least, builder.floats(head.maxLogit)]);
  const { fixedPx } = rules;
  builder.output(freeName(OUTPUT_NAMES, taken), builder.op('Sigmoid', [believed]), 'float32', [
    ...[1, 1],
    ...(fixedPx ? [fixedPx.heightPx, fixedPx.widthPx] : ['height', 'width']),
  ]);
  return builder.graph();
}

/**
 * [1, 1, h, w]: a map's share of the log odds. Weighing channels and interpolating are both linear: in this order,
 * one channel is interpolated in place of hundreds.
 */
function logitsOf(
  builder: GraphBuilder,
  { name, layout, leadingTokens, channels, stride }: GraphMap,
  weights: Float32Array,
  sides: readonly string[],
): string {
  if (layout === 'map') return builder.op('Conv', [name, builder.floats(weights, [1, channels, 1, 1])]);
  const tokens = layout === 'heads' ? headsSideBySide(builder, name, channels) : name; // [1, T, C]
  const bounds = [[leadingTokens], [END], [1]].map((values) => builder.int64s(values));
  const patches = builder.op('Slice', [tokens, ...bounds]);
  const products = builder.op('MatMul', [patches, builder.floats(weights, [channels, 1])]); // [1, N, 1]
  const cells = sides.map((px) => builder.op('Div', [px, builder.int64s([stride])]));
  const grid = builder.op('Concat', [builder.int64s([1, 1]), ...cells], { axis: 0 });
  return builder.op('Reshape', [products, grid]);
}

function headsSideBySide(builder: GraphBuilder, name: string, channels: number): string {
  const turned = builder.op('Transpose', [name], { perm: [0, 2, 1, 3] });
  return builder.op('Reshape', [turned, builder.int64s([0, 0, channels])]);
}

/** Bilinearly, with cells at the middles of their pixels, as `poolFeatures` reads maps. */
function enlarged(builder: GraphBuilder, map: string, sides: readonly string[]): string {
  const size = builder.op('Concat', [builder.int64s([1, 1]), ...sides], { axis: 0 });
  // Region and scales are no use here, but opset 11 wants them.
  const none = builder.floats([], [0]);
  return builder.op('Resize', [map, none, none, size], {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel',
  });
}

function freeName(wanted: readonly string[], taken: ReadonlySet<string>): string {
  const free = wanted.find((name) => !taken.has(name));
  return (
    free ??
    freeName(
      wanted.map((name) => `${name}_`),
      taken,
    )
  );
}
