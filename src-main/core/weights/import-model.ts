import { basename } from 'node:path';
import { UserError } from '../../contract/errors.ts';
import { ContentHash } from '../../contract/ids.ts';
import type { EncoderCard, ImportChoices, ImportRecord } from '../../contract/model.ts';
import { architectureName } from '../model/architectures.ts';
import { backboneOf, type Backbone } from '../model/backbone.ts';
import type { WrittenFile } from './atomic-file.ts';
import { writeEncoderFile, type EncoderFacts } from './encoder-file.ts';
import { importEncoder } from './import-encoder.ts';
import { recogniseGraph } from './onnx-graph/graph-encoder.ts';
import { isOnnxFile } from './open-weights.ts';
import { RandomAccessFile } from './random-access-file.ts';

/** An encoder out of somebody else's file, of any kind that the app knows, ready to be kept. */
export type ImportedModel = {
  architecture: string;
  encoder: EncoderCard;
  facts: EncoderFacts;
  record: ImportRecord;
  /** The terms of the weights, where they are well known. */
  licence: string | null;
  /** How the copy's name ends. */
  extension: 'safetensors' | 'onnx';
  write: (path: string) => Promise<WrittenFile>;
};

/**
 * Recognises an encoder in a file: weights of a network that the app can build, or an ONNX file that gives maps of
 * features. Of code in the file nothing is executed; an ONNX graph is run by ONNX Runtime.
 * @throws UserError WEIGHTS_DAMAGED, WEIGHTS_UNSUPPORTED, FILE_NOT_FOUND, FILE_UNUSABLE
 */
export async function importModel(path: string, choices: ImportChoices): Promise<ImportedModel> {
  if (!(await isOnnxFile(path))) return await importNetwork(path, choices);
  if (choices.outputs) return await importGraph(path, choices);
  try {
    return await importNetwork(path, choices);
  } catch (error) {
    const isOther = error instanceof UserError && error.code === 'WEIGHTS_UNSUPPORTED';
    if (!isOther || choices.prefix !== undefined) throw error;
    // No network of ours by its names: then what counts is what the graph gives.
    return await importGraph(path, choices);
  }
}

async function importNetwork(path: string, { prefix }: ImportChoices): Promise<ImportedModel> {
  const { encoder, facts, record } = await importEncoder(path, prefix);
  return {
    architecture: architectureName(encoder.spec),
    encoder: cardOf('resnet', backboneOf(encoder.spec)),
    facts,
    record,
    licence: null,
    extension: 'safetensors',
    write: (copy) => writeEncoderFile(copy, encoder, facts),
  };
}

async function importGraph(path: string, choices: ImportChoices): Promise<ImportedModel> {
  const { description, licence, write } = await recogniseGraph(path, choices);
  await using file = await RandomAccessFile.open(path);
  return {
    architecture: description.architecture,
    encoder: cardOf('onnx', { features: description.outputs, input: description }),
    facts: { viewPx: null, batchesTracked: 0 },
    record: {
      fileName: basename(path),
      fileFormat: 'onnx',
      layout: 'graph',
      prefix: '',
      sha256: ContentHash.parse(Buffer.from(await file.sha256()).toString('hex')),
    },
    licence,
    extension: 'onnx',
    write,
  };
}

function cardOf(kind: EncoderCard['kind'], { features, input }: Pick<Backbone, 'features' | 'input'>) {
  const { mean, std, multipleOf, fixedPx } = input;
  return {
    kind,
    features: features.map(({ name, channels, stride }) => ({ name, channels, stride })),
    mean: [...mean],
    std: [...std],
    multipleOf,
    fixedPx,
  } satisfies EncoderCard;
}
