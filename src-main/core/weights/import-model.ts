import { basename } from 'node:path';
import { UserError } from '../../contract/errors.ts';
import { ContentHash } from '../../contract/ids.ts';
import type { EncoderCard, ImportChoices, ImportRecord, InspectedModel } from '../../contract/model.ts';
import type { TermsName } from '../../contract/terms.ts';
import { architectureName } from '../model/architectures.ts';
import { backboneOf, type Backbone } from '../model/backbone.ts';
import type { WrittenFile } from './atomic-file.ts';
import { writeEncoderFile, type EncoderFacts } from './encoder-file.ts';
import { importEncoder } from './import-encoder.ts';
import { recogniseGraph } from './onnx-graph/graph-encoder.ts';
import { isOnnxFile, openWeights, type OpenWeights } from './open-weights.ts';
import { RandomAccessFile } from './random-access-file.ts';
import { importVit, vitFeatures, vitName } from './vit/import-vit.ts';
import { writeVitFile } from './vit/vit-file.ts';

/** An encoder from a user's file, of any supported kind, ready to be stored. */
export type ImportedModel = {
  architecture: string;
  encoder: EncoderCard;
  facts: EncoderFacts;
  record: ImportRecord;
  /** The license terms of the weights, if the network is a well-known one. */
  licence: string | null;
  /** Terms that the user has to accept before the weights are kept. */
  terms: TermsName | null;
  /** What the user may choose of it: maps of an ONNX file, heads of a Vision Transformer. */
  maps: InspectedModel['maps'];
  heads: number | null;
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
  if (!(await isOnnxFile(path))) {
    return (await importTransformer(path, choices)) ?? (await importNetwork(path, choices));
  }
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

async function importTransformer(path: string, choices: ImportChoices): Promise<ImportedModel | undefined> {
  await using file = await openWeights(path);
  const imported = await importVit(file, choices);
  if (!imported) return undefined;
  const { vit, layout, prefix, mean, std, licence, terms } = imported;
  const { patch } = vit.spec;
  const input = { mean, std, multipleOf: patch, fixedPx: null };
  return {
    architecture: vitName(vit.spec),
    encoder: cardOf('vit', { features: vitFeatures(vit.spec), input }),
    facts: { viewPx: null, batchesTracked: 0 },
    record: await recordOf(file, layout, prefix),
    licence,
    terms,
    maps: [],
    heads: vit.spec.heads,
    extension: 'safetensors',
    write: (copy) => writeVitFile(copy, vit, { mean: [...mean], std: [...std] }),
  };
}

async function recordOf(
  file: Pick<OpenWeights, 'path' | 'format' | 'sha256'>,
  layout: string,
  prefix: string,
): Promise<ImportRecord> {
  return {
    fileName: basename(file.path),
    fileFormat: file.format,
    layout,
    prefix,
    sha256: ContentHash.parse(Buffer.from(await file.sha256()).toString('hex')),
  };
}

async function importNetwork(path: string, { prefix }: ImportChoices): Promise<ImportedModel> {
  const { encoder, facts, record } = await importEncoder(path, prefix);
  return {
    architecture: architectureName(encoder.spec),
    encoder: cardOf('resnet', backboneOf(encoder.spec)),
    facts,
    record,
    licence: null,
    terms: null,
    maps: [],
    heads: null,
    extension: 'safetensors',
    write: (copy) => writeEncoderFile(copy, encoder, facts),
  };
}

async function importGraph(path: string, choices: ImportChoices): Promise<ImportedModel> {
  const { description, licence, allMaps, write } = await recogniseGraph(path, choices);
  await using file = await RandomAccessFile.open(path);
  return {
    architecture: description.architecture,
    encoder: cardOf('onnx', { features: description.outputs, input: description }),
    facts: { viewPx: null, batchesTracked: 0 },
    record: await recordOf({ path, format: 'onnx', sha256: () => file.sha256() }, 'graph', ''),
    licence,
    terms: null,
    maps: allMaps.map(({ name, channels, stride, layout, leadingTokens }) => ({
      name,
      channels,
      stride,
      leadingTokens: layout === 'tokens' ? leadingTokens : null,
    })),
    heads: null,
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
