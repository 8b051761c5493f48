import { ProtoReader } from '../onnx/proto-reader.ts';
import type { RandomAccessFile } from '../random-access-file.ts';
import { damagedFile, unsupportedWeights } from '../weights-error.ts';

/** Fields of onnx.proto. */
const MODEL = { graph: 7, function: 25 } as const;
const GRAPH = { node: 1 } as const;
const FUNCTION = { name: 1, node: 7, domain: 10 } as const;
const NODE = { operator: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { graph: 6, graphs: 11 } as const;

/** Real ones have a branch in a branch, at most. */
const MAX_DEPTH = 8;
/** As many as a file without functions can have. */
const MAX_NODES = 1_000_000;
const MAX_NAME_BYTES = 512;
const HINT = 'Export the encoder without loops, with a fixed number of steps, or choose another one.';

type Place = { offset: number; length: number };
/** Nodes of a body, those of its branches included, and the names of what they may call. */
type Body = { nodes: number; calls: string[] };

/**
 * Makes sure that running a graph takes no more steps than a graph without control flow can have. Of the operators that
 * contain graphs, only `If` runs each of them once at most; the others repeat them as often as numbers in the file say.
 * Functions of the model are put in place wherever they are called, and what calls itself twice over many levels has
 * more nodes than any memory.
 * @throws UserError WEIGHTS_UNSUPPORTED that names the operator; WEIGHTS_DAMAGED
 */
export async function refuseUnboundedWork(file: RandomAccessFile): Promise<void> {
  const walk = new Walk(file);
  const functions = new Map<string, Body>();
  const graph: Body = { nodes: 0, calls: [] };
  for await (const field of walk.parts({ offset: 0, length: file.sizeBytes })) {
    if (field.number === MODEL.graph) await walk.addNodes(graph, field, GRAPH.node);
    if (field.number === MODEL.function) {
      const { name, body } = await walk.functionAt(field);
      functions.set(name, body);
    }
  }
  if (nodesOf(graph, functions) <= MAX_NODES) return;
  throw unsupportedWeights(file.path, `its functions unfold to more than ${MAX_NODES} nodes`, HINT);
}

/** Nodes once every call is replaced by what it calls; Infinity for a function that calls itself. */
function nodesOf(graph: Body, functions: ReadonlyMap<string, Body>): number {
  const known = new Map<Body, number>();
  const count = (body: Body): number => {
    const before = known.get(body);
    if (before !== undefined) return before;
    // Seen again before it is counted, it is part of itself.
    known.set(body, Infinity);
    const called = body.calls.map((name) => functions.get(name)).filter((one) => one !== undefined);
    const total = called.reduce((sum, one) => sum + count(one), body.nodes);
    known.set(body, total);
    return total;
  };
  return count(graph);
}

/** One way through a file. */
class Walk {
  readonly #file: RandomAccessFile;
  readonly #reader: ProtoReader;

  constructor(file: RandomAccessFile) {
    this.#file = file;
    this.#reader = new ProtoReader(file);
  }

  /** The fields of a message that consist of bytes. */
  async *parts(message: Place) {
    for await (const field of this.#reader.fields(message.offset, message.length)) {
      if (field.kind === 'bytes') yield field;
    }
  }

  async functionAt(message: Place): Promise<{ name: string; body: Body }> {
    const body: Body = { nodes: 0, calls: [] };
    let [name, domain] = ['', ''];
    for await (const field of this.parts(message)) {
      if (field.number === FUNCTION.name) name = await this.#text(field);
      if (field.number === FUNCTION.domain) domain = await this.#text(field);
      if (field.number === FUNCTION.node) await this.#addNode(body, field, 0);
    }
    return { name: `${domain}:${name}`, body };
  }

  /** @param number of the nodes among the fields of the message */
  async addNodes(body: Body, message: Place, number: number, depth = 0): Promise<void> {
    if (depth > MAX_DEPTH) throw damagedFile(this.#file.path, 'its graphs are nested too deeply');
    for await (const field of this.parts(message)) {
      if (field.number === number) await this.#addNode(body, field, depth);
    }
  }

  async #addNode(body: Body, node: Place, depth: number): Promise<void> {
    body.nodes++;
    let [operator, domain, hasGraphs] = ['', '', false];
    for await (const field of this.parts(node)) {
      if (field.number === NODE.operator) operator = await this.#text(field);
      if (field.number === NODE.domain) domain = await this.#text(field);
      if (field.number === NODE.attribute)
        hasGraphs = (await this.#addGraphs(body, field, depth + 1)) || hasGraphs;
    }
    if (hasGraphs && !(operator === 'If' && isStandard(domain))) {
      const problem = `its operator ${operator} repeats a part of the graph, which R2O Studio does not run`;
      throw unsupportedWeights(this.#file.path, problem, HINT);
    }
    body.calls.push(`${domain}:${operator}`);
  }

  /** @returns whether the attribute contains graphs */
  async #addGraphs(body: Body, attribute: Place, depth: number): Promise<boolean> {
    let hasGraphs = false;
    for await (const field of this.parts(attribute)) {
      if (field.number !== ATTRIBUTE.graph && field.number !== ATTRIBUTE.graphs) continue;
      hasGraphs = true;
      await this.addNodes(body, field, GRAPH.node, depth);
    }
    return hasGraphs;
  }

  async #text(place: Place): Promise<string> {
    if (place.length > MAX_NAME_BYTES) {
      throw damagedFile(this.#file.path, `a text at byte ${place.offset} is too long`);
    }
    return Buffer.from(await this.#reader.bytes(place)).toString('utf8');
  }
}

const isStandard = (domain: string) => domain === '' || domain === 'ai.onnx';
