import type { ModelWeights } from '../../domain/model-weights.ts';
import type { OnnxGraph } from '../compile/lower/onnx/model.ts';
import { inferenceGraph } from '../compile/runtime/export-inference.ts';
import { backboneOf, mapOf, type Backbone, type FeatureSpec } from '../model/backbone.ts';
import { evalNormalisation } from '../model/normalisation.ts';
import { networkSpecs } from '../model/parameters.ts';
import { standaloneVitGraph } from '../model/vit/graph.ts';
import { leadingTokens } from '../model/vit/spec.ts';
import type { tf } from '../tensor/tfjs.ts';
import { prefixedWeights, type Encoder } from '../weights/encoder.ts';
import { openAnyModel, type OpenedModel } from '../weights/open-model.ts';
import { vitFeatures } from '../weights/vit/import-vit.ts';
import { segmentFeatures } from './encoder.ts';
import type { GraphMap } from './head/foreground-graph.ts';

const PREFIX = 'encoder';
/** In the app's order of axes; the graph has the channels second. */
const ANY_IMAGE = [1, 'height', 'width', 3] as const;

/** An encoder as a graph whose only input is an image, normalised by `rules`, for the maps that segmentation reads. */
export type EncoderGraph = Pick<Backbone, 'input'> & {
  /** Name of the graph's input. */
  name: string;
  maps: GraphMap[];
  /** The graph itself, or the app's copy of somebody's ONNX file. */
  source: { graph: OnnxGraph } | { path: string };
};

/**
 * The graph of the encoder behind a model, of any kind.
 * @throws UserError MODEL_UNAVAILABLE when the file is gone or has changed
 */
export async function encoderGraph(weights: ModelWeights): Promise<EncoderGraph> {
  const model = await openAnyModel(weights);
  switch (model.kind) {
    case 'resnet':
      return await networkGraph(model.encoder);
    case 'vit':
      return vitEncoder(model);
    case 'onnx':
      return fileEncoder(model);
  }
}

async function networkGraph(encoder: Encoder): Promise<EncoderGraph> {
  const backbone = backboneOf(encoder.spec);
  const features = segmentFeatures(backbone);
  const graph = await inferenceGraph({
    name: 'r2o_foreground',
    build: ({ images }, weights) => {
      const options = { prefix: PREFIX, weights, normalise: evalNormalisation(weights) };
      // The shape that is declared below.
      const maps = backbone.run(images as tf.Tensor4D, options);
      return Object.fromEntries(features.map((feature) => [feature.name, mapOf(maps, feature)]));
    },
    inputs: { images: { shape: ANY_IMAGE, dtype: 'float32' } },
    weightSpecs: networkSpecs(backbone.network(PREFIX)),
    weights: prefixedWeights(encoder, PREFIX),
    imageOrder: 'nchw',
  });
  const maps = features.map((feature) => ({ ...feature, layout: 'map' as const, leadingTokens: 0 }));
  return { name: 'images', input: backbone.input, maps, source: { graph } };
}

function vitEncoder({ vit }: Extract<OpenedModel, { kind: 'vit' }>): EncoderGraph {
  const { spec, mean, std } = vit;
  const layoutOf = ({ name }: FeatureSpec) => (name === 'keys' ? 'heads' : 'tokens');
  const maps = segmentFeatures({ features: vitFeatures(spec) }).map((feature) => ({
    ...feature,
    layout: layoutOf(feature),
    leadingTokens: leadingTokens(spec),
  })) satisfies GraphMap[];
  const input = { mean, std, multipleOf: spec.patch, fixedPx: null };
  return { name: 'images', input, maps, source: { graph: standaloneVitGraph(vit) } };
}

function fileEncoder({ path, description }: Extract<OpenedModel, { kind: 'onnx' }>): EncoderGraph {
  const { input: name, outputs, ...input } = description;
  const features = segmentFeatures({ features: outputs });
  const maps = outputs.filter((output) => features.some((feature) => feature.name === output.name));
  return { name, input, maps, source: { path } };
}
