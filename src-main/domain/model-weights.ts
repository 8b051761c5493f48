import { z } from 'zod';
import { ContentHash } from '../contract/ids.ts';
import { Architecture, type Model } from '../contract/model.ts';
import { modelFile } from './data-layout.ts';

/** Where a worker gets an encoder from. */
export const ModelWeights = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path: z.string(), sha256: ContentHash }),
  z.object({ kind: z.literal('untrained'), architecture: Architecture, seed: z.number().int() }),
]);
export type ModelWeights = z.infer<typeof ModelWeights>;

/** The weights behind a model of the store, for a message to the worker. */
export function weightsOf(model: Model, modelsFolder: string): ModelWeights {
  const { file, sha256, architecture, card } = model;
  if (file !== null && sha256 !== null) return { kind: 'file', path: modelFile(modelsFolder, file), sha256 };
  return { kind: 'untrained', architecture: Architecture.parse(architecture), seed: card.seed ?? 0 };
}

/** Whether it is the app's copy of somebody's ONNX file, which is run as it is. */
export function isForeignGraph(weights: ModelWeights): weights is Extract<ModelWeights, { kind: 'file' }> {
  return weights.kind === 'file' && weights.path.endsWith('.onnx');
}

/** Whether two models give the same features: the same weights, imported twice, do. */
export function isSameEncoder(a: Model, b: Model): boolean {
  if (a.sha256 !== null || b.sha256 !== null) return a.sha256 === b.sha256;
  return a.architecture === b.architecture && a.card.seed === b.card.seed;
}

/** A name that no file has yet, for a new model. The worker writes it and the service keeps it in its row. */
export function newModelFile(architecture: string, extension = 'safetensors'): string {
  return `${architecture}-${crypto.randomUUID()}.${extension}`;
}
