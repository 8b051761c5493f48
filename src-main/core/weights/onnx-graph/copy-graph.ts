import { dirname, isAbsolute, join, normalize } from 'node:path';
import { ProtoWriter } from '../../compile/lower/onnx/protobuf.ts';
import type { WriteChunk } from '../atomic-file.ts';
import { ProtoReader, type ProtoField } from '../onnx/proto-reader.ts';
import { RandomAccessFile } from '../random-access-file.ts';
import { damagedFile, unsupportedWeights } from '../weights-error.ts';

/** Fields of onnx.proto. */
const MODEL = { graph: 7, metadata: 14 } as const;
const GRAPH = { node: 1, initializer: 5 } as const;
const NODE = { operator: 4 } as const;
const TENSOR = { rawData: 9, externalData: 13, dataLocation: 14 } as const;
const EXTERNAL = 1;

/** The most bytes that a Protocol Buffers message may have, and so an ONNX file. */
const MAX_FILE_BYTES = 2 ** 31 - 1;
const CHUNK_BYTES = 2 ** 22;
const MAX_TEXT_BYTES = 4_096;

/** Some of the copy: bytes, or a stretch of a file. */
type Piece = Uint8Array | { file: RandomAccessFile; offset: number; length: number };

/** An ONNX file and the files next to it that contain some of its weights. */
export class GraphFile implements AsyncDisposable {
  readonly #file: RandomAccessFile;
  /** Files of weights next to it, by the name that the graph gives them. */
  readonly #external = new Map<string, RandomAccessFile>();

  private constructor(file: RandomAccessFile) {
    this.#file = file;
  }

  /** @throws UserError FILE_NOT_FOUND, FILE_UNUSABLE */
  static async open(path: string): Promise<GraphFile> {
    return new GraphFile(await RandomAccessFile.open(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of [this.#file, ...this.#external.values()]) await file[Symbol.asyncDispose]();
  }

  /** The kinds of operators in the graph. @throws UserError WEIGHTS_DAMAGED */
  async operators(): Promise<Set<string>> {
    const operators = new Set<string>();
    for await (const graph of this.#fields(this.#whole, MODEL.graph)) {
      for await (const node of this.#fields(graph, GRAPH.node)) {
        for await (const name of this.#fields(node, NODE.operator)) operators.add(await this.#text(name));
      }
    }
    return operators;
  }

  /**
   * Writes the file with all of its weights inside, and a note in its metadata.
   * @throws UserError WEIGHTS_DAMAGED; WEIGHTS_UNSUPPORTED where the whole is too large for one file; FILE_NOT_FOUND for missing weights
   */
  async write(write: WriteChunk, key: string, note: string): Promise<void> {
    const metadata = new ProtoWriter().message(
      MODEL.metadata,
      new ProtoWriter().string(1, key).string(2, note),
    );
    // Wherever a message ends, more of its fields may follow.
    const pieces = [...(await this.#modelPieces(key)), metadata.bytes()];
    if (sizeOf(pieces) > MAX_FILE_BYTES) {
      throw unsupportedWeights(
        this.#file.path,
        'it has more than 2 GiB of weights',
        'Use a smaller network, or export it with weights of 16 bits.',
      );
    }
    for (const piece of pieces) await writePiece(write, piece);
  }

  get #whole() {
    return { offset: 0, length: this.#file.sizeBytes };
  }

  async #modelPieces(key: string): Promise<Piece[]> {
    const pieces: Piece[] = [];
    for await (const field of new ProtoReader(this.#file).fields(0, this.#file.sizeBytes)) {
      const isOldNote = field.number === MODEL.metadata && (await this.#isNote(field, key));
      if (isOldNote) continue;
      const isGraph = field.number === MODEL.graph && field.kind === 'bytes';
      pieces.push(...(isGraph ? nested(MODEL.graph, await this.#graphPieces(field)) : this.#copied(field)));
    }
    return pieces;
  }

  async #isNote(field: ProtoField, key: string): Promise<boolean> {
    if (field.kind !== 'bytes') return false;
    for await (const name of this.#fields(field, 1)) return (await this.#text(name)) === key;
    return false;
  }

  async #graphPieces(graph: { offset: number; length: number }): Promise<Piece[]> {
    const pieces: Piece[] = [];
    for await (const field of new ProtoReader(this.#file).fields(graph.offset, graph.length)) {
      const isWeight = field.number === GRAPH.initializer && field.kind === 'bytes';
      const tensor = isWeight ? await this.#tensorPieces(field) : undefined;
      pieces.push(...(tensor ? nested(GRAPH.initializer, tensor) : this.#copied(field)));
    }
    return pieces;
  }

  /** A weight with its elements brought in; undefined if they are already there. */
  async #tensorPieces(tensor: { offset: number; length: number }): Promise<Piece[] | undefined> {
    const kept: Piece[] = [];
    const place = new Map<string, string>();
    let isExternal = false;
    for await (const field of new ProtoReader(this.#file).fields(tensor.offset, tensor.length)) {
      if (field.number === TENSOR.dataLocation && field.kind === 'value') {
        isExternal = field.value === EXTERNAL;
      } else if (field.number === TENSOR.externalData && field.kind === 'bytes') {
        const texts: string[] = [];
        for await (const text of this.#fields(field, 1)) texts[0] = await this.#text(text);
        for await (const text of this.#fields(field, 2)) texts[1] = await this.#text(text);
        place.set(texts[0] ?? '', texts[1] ?? '');
      } else {
        kept.push(...this.#copied(field));
      }
    }
    if (!isExternal) return undefined;
    return [...kept, ...nested(TENSOR.rawData, [await this.#outside(place)])];
  }

  async #outside(place: ReadonlyMap<string, string>): Promise<Piece> {
    const location = normalize(place.get('location') ?? '');
    if (location === '.' || isAbsolute(location) || location.startsWith('..')) {
      throw damagedFile(this.#file.path, `its weights are at '${location}', which is not next to it`);
    }
    const file =
      this.#external.get(location) ?? (await RandomAccessFile.open(join(dirname(this.#file.path), location)));
    this.#external.set(location, file);
    const offset = Number(place.get('offset') ?? 0);
    const length = Number(place.get('length') ?? file.sizeBytes - offset);
    if (!(offset >= 0 && length >= 0 && offset + length <= file.sizeBytes)) {
      throw damagedFile(file.path, `it ends at byte ${file.sizeBytes}, before its weights do`);
    }
    return { file, offset, length };
  }

  /** A field as it is, with a new tag. */
  #copied(field: ProtoField): Piece[] {
    if (field.kind === 'value') return [new ProtoWriter().int(field.number, field.value).bytes()];
    const { number, offset, length, isFixed } = field;
    const file = this.#file;
    if (isFixed) throw damagedFile(file.path, `field ${number} at byte ${offset} does not belong there`);
    return nested(number, [{ file, offset, length }]);
  }

  async *#fields(message: { offset: number; length: number }, number: number) {
    for await (const field of new ProtoReader(this.#file).fields(message.offset, message.length)) {
      if (field.kind === 'bytes' && field.number === number) yield field;
    }
  }

  async #text({ offset, length }: { offset: number; length: number }): Promise<string> {
    if (length > MAX_TEXT_BYTES) throw damagedFile(this.#file.path, `a text at byte ${offset} is too long`);
    return Buffer.from(await this.#file.read(offset, length)).toString('utf8');
  }
}

const sizeOf = (pieces: readonly Piece[]) => pieces.reduce((sum, piece) => sum + piece.length, 0);

/** A field of bytes around some pieces. */
function nested(number: number, pieces: readonly Piece[]): Piece[] {
  return [ProtoWriter.header(number, sizeOf(pieces)), ...pieces];
}

async function writePiece(write: WriteChunk, piece: Piece): Promise<void> {
  if (piece instanceof Uint8Array) {
    await write(piece);
    return;
  }
  const { file, offset, length } = piece;
  for (let done = 0; done < length; done += CHUNK_BYTES) {
    await write(await file.read(offset + done, Math.min(CHUNK_BYTES, length - done)));
  }
}
