import { phrase } from '../../contract/error-texts/error-text.ts';
import { UserError, userError } from '../../contract/errors.ts';
import { isForeignGraph, type ModelWeights } from '../../domain/model-weights.ts';
import { ARCHITECTURES } from '../model/architectures.ts';
import { untrainedEncoder, type Encoder } from './encoder.ts';
import { readEncoderFile } from './encoder-file.ts';
import type { OnnxDescription } from './onnx-graph/description.ts';
import { graphDescriptionIn } from './onnx-graph/graph-encoder.ts';
import { openWeights } from './open-weights.ts';
import { isVitFile, readVitFile, type VitFileContents } from './vit/vit-file.ts';
import { damagedFile } from './weights-error.ts';

type ModelFile = Extract<ModelWeights, { kind: 'file' }>;

/** A model of the store, opened, of any kind. */
export type OpenedModel =
  | { kind: 'resnet'; encoder: Encoder }
  | { kind: 'vit'; vit: VitFileContents }
  /** The app's copy of somebody's ONNX file, and how it is used. */
  | { kind: 'onnx'; path: string; description: OnnxDescription };

/**
 * The network behind a model of the store, for training: read from its file, whose checksum must still be
 * the one that was saved, or drawn from its seed.
 * @throws UserError MODEL_UNAVAILABLE when the file is gone or has changed; BAD_INPUT for an encoder that is not one of
 * the app's networks
 */
export async function openModel(weights: ModelWeights): Promise<Encoder> {
  const model = await openAnyModel(weights);
  if (model.kind === 'resnet') return model.encoder;
  const what = phrase(model.kind === 'onnx' ? 'onnx-file' : 'vision-transformer');
  throw userError('not-trainable', { what });
}

/** What is behind a model of the store. @throws UserError MODEL_UNAVAILABLE when the file is gone or has changed */
export async function openAnyModel(weights: ModelWeights): Promise<OpenedModel> {
  if (weights.kind === 'untrained') {
    return { kind: 'resnet', encoder: untrainedEncoder(ARCHITECTURES[weights.architecture], weights.seed) };
  }
  const { path, sha256 } = weights;
  if (isForeignGraph(weights)) return { kind: 'onnx', path, description: await openGraphModel(weights) };
  const vit = await openVitModel(weights);
  if (vit) return { kind: 'vit', vit };
  const { encoder } = await available(() => readEncoderFile(path, Buffer.from(sha256, 'hex')));
  return { kind: 'resnet', encoder };
}

/**
 * The Vision Transformer behind a model of the store; undefined where it is none.
 * @throws UserError MODEL_UNAVAILABLE when the file is gone or has changed
 */
async function openVitModel({ path, sha256 }: ModelFile): Promise<VitFileContents | undefined> {
  return await available(async () =>
    (await isVitFile(path)) ? await readVitFile(path, Buffer.from(sha256, 'hex')) : undefined,
  );
}

/**
 * How the ONNX file behind a model is used, once its checksum is found to be the one that was saved.
 * @throws UserError MODEL_UNAVAILABLE when the file is gone or has changed
 */
async function openGraphModel({ path, sha256 }: ModelFile): Promise<OnnxDescription> {
  return await available(async () => {
    await using file = await openWeights(path);
    if (Buffer.compare(await file.sha256(), Buffer.from(sha256, 'hex')) !== 0) {
      throw damagedFile(path, 'it is not the file that was saved: its SHA-256 differs');
    }
    const description = graphDescriptionIn(file.metadata);
    if (!description) throw damagedFile(path, 'it does not say how it is used');
    return description;
  });
}

async function available<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const isLost = error instanceof UserError && LOST.some((code) => code === error.code);
    if (!isLost) throw error;
    throw userError('model-unusable', { problem: error.asPhrase() }, { cause: error });
  }
}

const LOST = ['FILE_NOT_FOUND', 'FILE_UNUSABLE', 'WEIGHTS_DAMAGED'] as const;
