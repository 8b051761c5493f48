import { basename } from 'node:path';
import { userError } from '../../../contract/errors.ts';
import type { ExportedModel } from '../../../contract/model.ts';
import type { ModelWeights } from '../../../domain/model-weights.ts';
import { graphFields, writeModel, type OnnxGraph } from '../../compile/lower/onnx/model.ts';
import { writeFileAtomically, writeTextAtomically, type WrittenFile } from '../../weights/atomic-file.ts';
import { refuseExisting } from '../../weights/export-encoder.ts';
import { GraphCopy } from '../../weights/onnx-graph/graph-encoder.ts';
import { encoderGraph, type EncoderGraph } from '../encoder-graph.ts';
import { asConvolution, type ForegroundHead } from './foreground-head.ts';
import { headGraphs, type HeadGraphs } from './foreground-graph.ts';
import { headCard, type HeadFacts } from './head-card.ts';

/** The form of the operators that `headGraphs` uses. */
const LEAST_OPSET = 11;

export type HeadExport = {
  /** Of the encoder that the head was learned with. */
  weights: ModelWeights;
  head: ForegroundHead;
  facts: HeadFacts;
  path: string;
  /** Whether files of these names may be replaced. */
  overwrite: boolean;
};

/**
 * Writes an encoder with a collection's foreground head as one ONNX graph, from images to the probability of the
 * foreground (see `headGraphs`), and a card next to it: `PATH.card.md`.
 * @throws UserError BAD_INPUT for another ending than .onnx, ALREADY_EXISTS, MODEL_UNAVAILABLE, WEIGHTS_UNSUPPORTED for a
 *   graph that cannot be extended, DISK_FULL, FILE_NOT_FOUND (no such folder), FILE_UNUSABLE
 */
export async function exportHead({
  weights,
  head,
  facts,
  path,
  overwrite,
}: HeadExport): Promise<ExportedModel> {
  if (!/\.onnx$/i.test(path)) {
    throw userError('head-suffix', { file: basename(path) });
  }
  const card = `${path}.card.md`;
  if (!overwrite) refuseExisting([path, card]);
  const encoder = await encoderGraph(weights);
  const { sizeBytes, sha256, names } = await writeGraph(path, encoder, { head, facts });
  const text = headCard({
    ...facts,
    ...names,
    input: encoder.input,
    fileName: basename(path),
    sha256: Buffer.from(sha256).toString('hex'),
  });
  return { files: [{ path, sizeBytes }, await writeTextAtomically(card, text)] };
}

type Learned = Pick<HeadExport, 'head' | 'facts'>;
/** What the file's input and output are called. */
type Names = { names: { inputName: string; outputName: string } };

async function writeGraph(
  path: string,
  encoder: EncoderGraph,
  learned: Learned,
): Promise<WrittenFile & Names> {
  const { source } = encoder;
  if ('path' in source) return await extendFile(path, { ...encoder, path: source.path }, learned);
  const { graph } = source;
  const { before, after } = graphsAround(encoder, namesIn(graph), learned);
  const bytes = writeModel(
    {
      name: graph.name,
      inputs: before.inputs,
      outputs: after.outputs,
      constants: [...before.constants, ...graph.constants, ...after.constants],
      nodes: [...before.nodes, ...graph.nodes, ...after.nodes],
    },
    notesOf(learned.facts),
  );
  return { ...(await writeFileAtomically(path, (write) => write(bytes))), ...namesOf(before, after) };
}

async function extendFile(
  path: string,
  encoder: EncoderGraph & { path: string },
  learned: Learned,
): Promise<WrittenFile & Names> {
  await using file = await GraphCopy.open(encoder.path);
  const opset = await file.opset();
  if (opset < LEAST_OPSET) {
    throw userError('head-opset', { encoder: learned.facts.encoder, opset, least: LEAST_OPSET });
  }
  const { before, after } = graphsAround(encoder, await file.names(), learned);
  const extension = { input: encoder.name, before: graphFields(before), after: graphFields(after) };
  const written = await file.writeTo(path, { notes: notesOf(learned.facts), extension });
  return { ...written, ...namesOf(before, after) };
}

function graphsAround(
  { name, maps, input }: EncoderGraph,
  taken: ReadonlySet<string>,
  { head }: Learned,
): HeadGraphs {
  return headGraphs({ encoderInput: name, maps, rules: input, head: asConvolution(head), taken });
}

function namesIn({ inputs, constants, nodes }: OnnxGraph): Set<string> {
  const all = [...inputs, ...constants].map(({ name }) => name);
  return new Set([...all, ...nodes.flatMap((node) => [...node.inputs, ...node.outputs])]);
}

function namesOf({ inputs }: OnnxGraph, { outputs }: OnnxGraph): Names {
  return { names: { inputName: inputs[0]?.name ?? '', outputName: outputs[0]?.name ?? '' } };
}

/** What the file says of itself, for programs. */
function notesOf({ collection, encoder, architecture, licence, agreement, imageCount, inputPx }: HeadFacts) {
  return {
    task: 'foreground probability',
    collection,
    encoder,
    architecture,
    licence: licence ?? '',
    agreement: agreement === null ? '' : agreement.toFixed(3),
    images_learned_from: String(imageCount),
    input_px: String(inputPx),
    colour_order: 'RGB',
    value_range: '0..1',
  };
}
