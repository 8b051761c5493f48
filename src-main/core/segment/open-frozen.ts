import type { ModelWeights } from '../../domain/model-weights.ts';
import { openAnyModel } from '../weights/open-model.ts';
import { frozenNetwork, type FrozenEncoder } from './frozen-encoder.ts';
import { frozenGraph } from './frozen-graph.ts';
import { frozenVit } from './frozen-vit.ts';

/**
 * The encoder behind a model of the store, of any kind, as segmentation uses it.
 * @throws UserError MODEL_UNAVAILABLE when the file is gone or has changed
 */
export async function openFrozen(weights: ModelWeights): Promise<FrozenEncoder> {
  const model = await openAnyModel(weights);
  const contentHash = weights.kind === 'file' ? weights.sha256 : null;
  switch (model.kind) {
    case 'resnet':
      return frozenNetwork(model.encoder, contentHash);
    case 'vit':
      return frozenVit(model.vit, contentHash);
    case 'onnx':
      return frozenGraph(model.path, model.description, contentHash);
  }
}
