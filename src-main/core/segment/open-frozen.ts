import type { ModelWeights } from '../../domain/model-weights.ts';
import { openGraphModel, openModel, openVitModel } from '../weights/open-model.ts';
import { frozenNetwork, type FrozenEncoder } from './frozen-encoder.ts';
import { frozenGraph } from './frozen-graph.ts';
import { frozenVit } from './frozen-vit.ts';

/**
 * The encoder behind a model of the store, of any kind, as segmentation uses it.
 * @throws UserError MODEL_UNAVAILABLE when the file is gone or has changed
 */
export async function openFrozen(weights: ModelWeights): Promise<FrozenEncoder> {
  if (weights.kind === 'untrained') return frozenNetwork(await openModel(weights));
  if (weights.path.endsWith('.onnx')) {
    return frozenGraph(weights.path, await openGraphModel(weights), weights.sha256);
  }
  const vit = await openVitModel(weights);
  return vit ? frozenVit(vit, weights.sha256) : frozenNetwork(await openModel(weights), weights.sha256);
}
