import type { WrittenFile } from '../atomic-file.ts';
import { writeFileAtomically } from '../atomic-file.ts';
import { GraphFile } from './copy-graph.ts';
import { describeGraph, type GraphChoices, type GraphFindings } from './describe-graph.ts';
import { OnnxDescription } from './description.ts';

/** The key of the description in the metadata of the app's copies. */
const METADATA_KEY = 'r2o_onnx_encoder';

/** A user's ONNX file, recognized as an encoder. */
export type GraphEncoder = GraphFindings & {
  /** Writes the app's copy: one file with all weights inside, which carries its description. */
  write: (path: string) => Promise<WrittenFile>;
};

/**
 * Recognises an ONNX file as an encoder.
 * @throws UserError WEIGHTS_UNSUPPORTED, WEIGHTS_DAMAGED, FILE_NOT_FOUND, FILE_UNUSABLE
 */
export async function recogniseGraph(path: string, choices: GraphChoices): Promise<GraphEncoder> {
  await using file = await GraphFile.open(path);
  const findings = await describeGraph(path, await file.operators(), choices);
  return { ...findings, write: (copy) => writeCopy(path, copy, findings.description) };
}

async function writeCopy(path: string, copy: string, description: OnnxDescription): Promise<WrittenFile> {
  await using file = await GraphFile.open(path);
  return await writeFileAtomically(copy, (write) =>
    file.write(write, METADATA_KEY, JSON.stringify(description)),
  );
}

/** The description in the metadata of a copy that `recogniseGraph` wrote, if it is one. */
export function graphDescriptionIn(metadata: ReadonlyMap<string, string>): OnnxDescription | undefined {
  const text = metadata.get(METADATA_KEY);
  return text === undefined ? undefined : OnnxDescription.parse(JSON.parse(text));
}
