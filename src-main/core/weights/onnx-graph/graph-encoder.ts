import type { WrittenFile } from '../atomic-file.ts';
import { writeFileAtomically } from '../atomic-file.ts';
import { GraphFile, type CopyOptions } from './copy-graph.ts';
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
  await file.refuseDistantWeights();
  await file.refuseUnboundedWork();
  const findings = await describeGraph(path, await file.operators(), choices);
  return { ...findings, write: (copy) => writeCopy(path, copy, findings.description) };
}

async function writeCopy(path: string, copy: string, description: OnnxDescription): Promise<WrittenFile> {
  await using file = await GraphFile.open(path);
  return await writeFileAtomically(copy, (write) =>
    file.write(write, { notes: { [METADATA_KEY]: JSON.stringify(description) } }),
  );
}

/** The description in the metadata of a copy that `recogniseGraph` wrote, if it is one. */
export function graphDescriptionIn(metadata: ReadonlyMap<string, string>): OnnxDescription | undefined {
  const text = metadata.get(METADATA_KEY);
  return text === undefined ? undefined : OnnxDescription.parse(JSON.parse(text));
}

/** The app's copy of somebody's ONNX file, to be written for other programs. */
export class GraphCopy implements AsyncDisposable {
  readonly #file: GraphFile;

  private constructor(file: GraphFile) {
    this.#file = file;
  }

  /** @throws UserError FILE_NOT_FOUND, FILE_UNUSABLE */
  static async open(path: string): Promise<GraphCopy> {
    return new GraphCopy(await GraphFile.open(path));
  }

  /** Version of the standard operators that it was written for. */
  opset(): Promise<number> {
    return this.#file.opset();
  }

  /** The names of all values in its graph. */
  names(): Promise<Set<string>> {
    return this.#file.names();
  }

  /** Writes it without the app's own note. @throws UserError as `GraphFile.write`, and as `writeFileAtomically` */
  async writeTo(path: string, { notes, extension }: Partial<CopyOptions> = {}): Promise<WrittenFile> {
    const options = { notes: { ...notes, [METADATA_KEY]: null }, ...(extension && { extension }) };
    return await writeFileAtomically(path, (write) => this.#file.write(write, options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}
