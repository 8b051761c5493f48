import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { ProtoWriter } from '../../compile/lower/onnx/protobuf.ts';
import type { WriteChunk } from '../atomic-file.ts';
import { ProtoReader, type ProtoField } from '../onnx/proto-reader.ts';
import { RandomAccessFile } from '../random-access-file.ts';
import { damagedFile, unsupportedWeights } from '../weights-error.ts';
import { refuseUnboundedWork } from './bounded-work.ts';

/** Fields of onnx.proto. */
const MODEL = { graph: 7, opset: 8, metadata: 14 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
const NODE = { input: 1, output: 2, operator: 4 } as const;
const VALUE = { name: 1 } as const;
const TENSOR = { name: 8, rawData: 9, externalData: 13, dataLocation: 14 } as const;
const EXTERNAL = 1;

/** The most bytes that a Protocol Buffers message may have, and so an ONNX file. */
const MAX_FILE_BYTES = 2 ** 31 - 1;
const CHUNK_BYTES = 2 ** 22;
const MAX_TEXT_BYTES = 4_096;

/** Some of the copy: bytes, or a stretch of a file. */
type Piece = Uint8Array | { file: RandomAccessFile; offset: number; length: number };

type Place = { offset: number; length: number };

/** What is put around a graph, as fields of a GraphProto, in place of its outputs and the named input. */
export type GraphExtension = { input: string; before: Uint8Array; after: Uint8Array };

export type CopyOptions = {
  /** Notes to add to its metadata; null removes one. */
  notes: Readonly<Record<string, string | null>>;
  extension?: GraphExtension;
};

/** An ONNX file and the files next to it that contain some of its weights. */
export class GraphFile implements AsyncDisposable {
  readonly #file: RandomAccessFile;
  /** A new one for each walk through the file. */
  #reader: ProtoReader;
  /** Files of weights next to it, by the name that the graph gives them. */
  readonly #external = new Map<string, RandomAccessFile>();

  private constructor(file: RandomAccessFile) {
    this.#file = file;
    this.#reader = new ProtoReader(file);
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
    this.#reader = new ProtoReader(this.#file);
    const operators = new Set<string>();
    for await (const graph of this.#fields(this.#whole, MODEL.graph)) {
      for await (const node of this.#fields(graph, GRAPH.node)) {
        for await (const name of this.#fields(node, NODE.operator)) operators.add(await this.#text(name));
      }
    }
    return operators;
  }

  /**
   * Makes sure that all weights in other files lie next to it: ONNX Runtime would read them from anywhere.
   * @throws UserError WEIGHTS_DAMAGED
   */
  async refuseDistantWeights(): Promise<void> {
    this.#reader = new ProtoReader(this.#file);
    const locations = new Set<string>();
    for await (const graph of this.#fields(this.#whole, MODEL.graph)) {
      for await (const tensor of this.#fields(graph, GRAPH.initializer)) {
        for await (const entry of this.#fields(tensor, TENSOR.externalData)) {
          const [key, value] = await this.#pair(entry);
          if (key === 'location') locations.add(normalize(value));
        }
      }
    }
    for (const location of locations) await placeBeside(this.#file.path, location);
  }

  /** See `refuseUnboundedWork`. @throws UserError WEIGHTS_UNSUPPORTED, WEIGHTS_DAMAGED */
  async refuseUnboundedWork(): Promise<void> {
    await refuseUnboundedWork(this.#file);
  }

  /** Version of the standard operators that it was written for. @throws UserError WEIGHTS_DAMAGED */
  async opset(): Promise<number> {
    this.#reader = new ProtoReader(this.#file);
    let newest = 0;
    for await (const entry of this.#fields(this.#whole, MODEL.opset)) {
      let [version, isStandard] = [0, true];
      for await (const field of this.#reader.fields(entry.offset, entry.length)) {
        if (field.kind === 'value' && field.number === OPSET.version) version = field.value;
        if (field.kind === 'bytes' && field.number === OPSET.domain) isStandard = field.length === 0;
      }
      if (isStandard) newest = Math.max(newest, version);
    }
    return newest;
  }

  /** The names of all values in the graph. @throws UserError WEIGHTS_DAMAGED */
  async names(): Promise<Set<string>> {
    this.#reader = new ProtoReader(this.#file);
    const names = new Set<string>();
    const add = async (parent: Place, number: number) => {
      for await (const name of this.#fields(parent, number)) names.add(await this.#text(name));
    };
    for await (const graph of this.#fields(this.#whole, MODEL.graph)) {
      for await (const node of this.#fields(graph, GRAPH.node)) {
        await add(node, NODE.input);
        await add(node, NODE.output);
      }
      for await (const weight of this.#fields(graph, GRAPH.initializer)) await add(weight, TENSOR.name);
      for await (const input of this.#fields(graph, GRAPH.input)) await add(input, VALUE.name);
    }
    return names;
  }

  /**
   * Writes the file with all of its weights inside, and notes in its metadata; with an extension, as a part of a larger
   * graph.
   * @throws UserError WEIGHTS_DAMAGED; WEIGHTS_UNSUPPORTED where the whole is too large for one file; FILE_NOT_FOUND for missing weights
   */
  async write(write: WriteChunk, { notes, extension }: CopyOptions): Promise<void> {
    this.#reader = new ProtoReader(this.#file);
    const pieces = await this.#modelPieces(new Set(Object.keys(notes)), extension);
    for (const [key, note] of Object.entries(notes)) {
      if (note === null) continue;
      const entry = new ProtoWriter().string(1, key).string(2, note);
      // Wherever a message ends, more of its fields may follow.
      pieces.push(new ProtoWriter().message(MODEL.metadata, entry).bytes());
    }
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

  async #modelPieces(keys: ReadonlySet<string>, extension?: GraphExtension): Promise<Piece[]> {
    const pieces: Piece[] = [];
    for await (const field of this.#reader.fields(0, this.#file.sizeBytes)) {
      const isOldNote = field.number === MODEL.metadata && (await this.#isNote(field, keys));
      if (isOldNote) continue;
      const isGraph = field.number === MODEL.graph && field.kind === 'bytes';
      pieces.push(
        ...(isGraph ? nested(MODEL.graph, await this.#graphPieces(field, extension)) : this.#copied(field)),
      );
    }
    return pieces;
  }

  async #isNote(field: ProtoField, keys: ReadonlySet<string>): Promise<boolean> {
    if (field.kind !== 'bytes') return false;
    for await (const name of this.#fields(field, 1)) return keys.has(await this.#text(name));
    return false;
  }

  async #graphPieces(graph: Place, extension?: GraphExtension): Promise<Piece[]> {
    const pieces: Piece[] = extension ? [extension.before] : [];
    for await (const field of this.#reader.fields(graph.offset, graph.length)) {
      if (extension && (await this.#isReplaced(field, extension))) continue;
      const isWeight = field.number === GRAPH.initializer && field.kind === 'bytes';
      const tensor = isWeight ? await this.#tensorPieces(field) : undefined;
      pieces.push(...(tensor ? nested(GRAPH.initializer, tensor) : this.#copied(field)));
    }
    return extension ? [...pieces, extension.after] : pieces;
  }

  /** In old files, weights are inputs too: those stay. */
  async #isReplaced(field: ProtoField, { input }: GraphExtension): Promise<boolean> {
    if (field.kind !== 'bytes' || field.number !== GRAPH.input) return field.number === GRAPH.output;
    for await (const name of this.#fields(field, VALUE.name)) return (await this.#text(name)) === input;
    return false;
  }

  /** A weight with its elements brought in; undefined if they are already there. */
  async #tensorPieces(tensor: Place): Promise<Piece[] | undefined> {
    const kept: Piece[] = [];
    const place = new Map<string, string>();
    let isExternal = false;
    for await (const field of this.#reader.fields(tensor.offset, tensor.length)) {
      if (field.number === TENSOR.dataLocation && field.kind === 'value') {
        isExternal = field.value === EXTERNAL;
      } else if (field.number === TENSOR.externalData && field.kind === 'bytes') {
        place.set(...(await this.#pair(field)));
      } else {
        kept.push(...this.#copied(field));
      }
    }
    if (!isExternal) return undefined;
    return [...kept, ...nested(TENSOR.rawData, [await this.#outside(place)])];
  }

  async #pair(entry: Place): Promise<[key: string, value: string]> {
    const texts: [string, string] = ['', ''];
    for await (const field of this.#reader.fields(entry.offset, entry.length)) {
      if (field.kind === 'bytes' && field.number === 1) texts[0] = await this.#text(field);
      if (field.kind === 'bytes' && field.number === 2) texts[1] = await this.#text(field);
    }
    return texts;
  }

  async #outside(place: ReadonlyMap<string, string>): Promise<Piece> {
    const location = normalize(place.get('location') ?? '');
    const path = await placeBeside(this.#file.path, location);
    const file = this.#external.get(location) ?? (await RandomAccessFile.open(path));
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

  async *#fields(message: Place, number: number) {
    for await (const field of this.#reader.fields(message.offset, message.length)) {
      if (field.kind === 'bytes' && field.number === number) yield field;
    }
  }

  async #text(place: Place): Promise<string> {
    if (place.length > MAX_TEXT_BYTES) {
      throw damagedFile(this.#file.path, `a text at byte ${place.offset} is too long`);
    }
    return Buffer.from(await this.#reader.bytes(place)).toString('utf8');
  }
}

/**
 * The path of a file of weights next to a model, links resolved: in the folder of the model, or where the model itself
 * is a link, as in the caches of model hubs, in the folder that it leads to.
 * @throws UserError WEIGHTS_DAMAGED for a place elsewhere
 */
async function placeBeside(modelPath: string, location: string): Promise<string> {
  const folder = dirname(modelPath);
  const path = join(folder, location);
  const isNamedBeside = location !== '.' && !isAbsolute(location) && !location.startsWith('..');
  // A file that does not exist is reported when it is opened.
  const real = await realpath(path).catch(() => undefined);
  const homes = [await realpath(folder), dirname(await realpath(modelPath))];
  const isBeside = real === undefined || homes.some((home) => real.startsWith(home + sep));
  if (isNamedBeside && isBeside) return path;
  throw damagedFile(modelPath, `its weights are at '${location}', which is not next to it`);
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
