import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ProtoWriter } from '../../../../src-main/core/compile/lower/onnx/protobuf.ts';
import { importModel } from '../../../../src-main/core/weights/import-model.ts';
import { importEncoder } from '../../../../src-main/core/weights/import-encoder.ts';
import { findEncoder } from '../../../../src-main/core/weights/layouts.ts';
import { openWeights } from '../../../../src-main/core/weights/open-weights.ts';
import { findTensors } from '../../../../src-main/core/weights/pickle/find-tensors.ts';
import { unpickle } from '../../../../src-main/core/weights/pickle/unpickle.ts';
import {
  PyDict,
  PyGlobal,
  PyList,
  PyObject,
  PyTuple,
  type PyValue,
} from '../../../../src-main/core/weights/pickle/values.ts';
import { writeSafetensors } from '../../../../src-main/core/weights/safetensors.ts';
import { pickleOf } from '../../../support/pickles.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const search = (items: readonly PyValue[]) => {
  const list = new PyList();
  for (const item of items) list.items.push(item);
  return findTensors(list, (problem) => {
    throw new Error(problem);
  });
};

/** A pickled NumPy array of one float whose bytes are kept as text, as in protocol 2. */
function arrayOfText(text: string): PyObject {
  const array = new PyObject(new PyGlobal('numpy.core.multiarray._reconstruct'), []);
  const encoded = new PyObject(new PyGlobal('_codecs.encode'), [text, 'latin1']);
  const dtype = new PyObject(new PyGlobal('numpy.dtype'), ['f4']);
  array.state = new PyTuple([1, new PyTuple([text.length / 4]), dtype, false, encoded]);
  return array;
}

const dictOf = (key: string, value: PyDict | PyObject) => {
  const dict = new PyDict();
  dict.entries.set(key, value);
  return dict;
};

/** Small files that would take all memory or all time of whoever believes them. */
describe('a bomb does not go off:', () => {
  test('a list of pairs from which very many dictionaries are made', () => {
    const pairs = Array.from({ length: 250 }, (_, index) => ['K', index, 'K', 1, 0x86]).flat();
    const dictionary = pickleOf('h', 0, 'h', 1, 0x85, 'R', '0');
    const bytes = pickleOf(
      ...['ccollections\nOrderedDict\nq', 0, '0', '](', ...pairs, 'eq', 1, '0'],
      Buffer.concat(Array<Uint8Array>(20_000).fill(dictionary)),
      'N.',
    );
    expect(() => unpickle(bytes)).toThrow('more than 2000000 instructions');
  });

  test('one array of text that stands in many places', () => {
    const array = arrayOfText('x'.repeat(4_000));
    const found = search(Array<PyObject>(1_000).fill(array));
    const memories = new Set(
      [...found.values()].map(({ source }) => source.kind === 'bytes' && source.bytes),
    );
    expect([found.size, memories.size]).toEqual([1_000, 1]);
  });

  test('a long name that stands in many places', () => {
    const long = dictOf('n'.repeat(10_000), arrayOfText('abcd'));
    expect(() => search(Array<PyDict>(1_000).fill(long))).toThrow('a name is longer than 512 characters');
  });

  test('one tensor that stands in very many places', () => {
    const array = arrayOfText('abcd');
    expect(() => search(Array<PyObject>(100_001).fill(array))).toThrow('more than 100000 tensors');
  });

  test('very many encoders, of which each would be named', () => {
    const prefixes = Array.from({ length: 1_000 }, (_, index) => `part${index}.`);
    const names = prefixes.flatMap((prefix) =>
      ['conv1.weight', 'layer1.0.conv1.weight'].map((n) => prefix + n),
    );
    expect(() => findEncoder('/w/a.pth', new Set(names))).toThrow(/under 'part0.', .*'part7.', 992 more\.$/);
  });

  test('many arrays that each copy one long text', () => {
    const text = 'x'.repeat(2 ** 20);
    const arrays = Array.from({ length: 1_100 }, () => arrayOfText(text));
    expect(() => search(arrays)).toThrow('its arrays contain more than 1073741824 bytes');
  });

  /** An ONNX file whose graph is this many times the same bytes. */
  const graphOf = (piece: readonly number[], count: number) => {
    const path = join(tempFolder(), 'a.onnx');
    const graph = Buffer.alloc(piece.length * count, Uint8Array.from(piece));
    writeFileSync(path, new ProtoWriter().int(1, 8).raw(7, graph).bytes());
    return path;
  };

  test('very many initialisers of an ONNX file that hold nothing', async () => {
    const unnamed = [0x2a, 0x02, 0x42, 0x00];
    await using file = await openWeights(graphOf(unnamed, 100_000));
    expect(file.tensors.size).toBe(0);
    await expect(openWeights(graphOf(unnamed, 600_000))).rejects.toThrow('more than 100000 initialisers');
  });

  test.each([
    ['of the graph', [0x08, 0x01]],
    ['of its nodes', [0x0a, 0x04, 0x12, 0x00, 0x12, 0x00]],
  ])('very many fields %s of an ONNX file', async (_, piece) => {
    const inspected = importModel(graphOf(piece, 1_100_000), {});
    await expect(inspected).rejects.toMatchObject({
      code: 'WEIGHTS_DAMAGED',
      message: expect.stringContaining('more than 1000000 fields') as string,
    });
  });

  /** Operators of a graph as an ONNX file has them, each with the graphs that it repeats or chooses from. */
  type Node = { op: string; domain?: string; graphs?: readonly Node[][] };

  const nodeProto = ({ op, domain = '', graphs = [] }: Node): ProtoWriter => {
    const node = new ProtoWriter().string(4, op).string(7, domain);
    for (const graph of graphs) node.message(5, new ProtoWriter().message(6, bodyProto(graph, 1)));
    return node;
  };
  const bodyProto = (nodes: readonly Node[], field: number): ProtoWriter => {
    const body = new ProtoWriter();
    for (const node of nodes) body.message(field, nodeProto(node));
    return body;
  };
  /** @param functions the model's own, by name */
  const onnxOf = (nodes: readonly Node[], functions: Readonly<Record<string, readonly Node[]>> = {}) => {
    const path = join(tempFolder(), 'a.onnx');
    const model = new ProtoWriter().int(1, 8).message(7, bodyProto(nodes, 1));
    for (const [name, body] of Object.entries(functions))
      model.message(25, bodyProto(body, 7).string(1, name).string(10, 'own'));
    writeFileSync(path, model.bytes());
    return path;
  };
  const branch = (nodes: Node[]): Node => ({ op: 'If', graphs: [nodes, []] });

  test.each<[string, Node[]]>([
    ['Loop', [{ op: 'Loop', graphs: [[{ op: 'Add' }]] }]],
    ['Scan', [{ op: 'Relu' }, { op: 'Scan', graphs: [[]] }]],
    ['Loop', [branch([branch([{ op: 'Loop', graphs: [[]] }])])]],
    ['BeamSearch', [{ op: 'BeamSearch', domain: 'com.microsoft', graphs: [[]] }]],
    ['If', [{ op: 'If', domain: 'own', graphs: [[]] }]],
  ])('an operator %s of an ONNX file that repeats a part of it', async (name, nodes) => {
    await expect(importModel(onnxOf(nodes), {})).rejects.toMatchObject({
      code: 'WEIGHTS_UNSUPPORTED',
      message: expect.stringContaining(`its operator ${name} repeats a part of the graph`) as string,
    });
  });

  test('a loop in a function of an ONNX file', async () => {
    const call: Node = { op: 'f', domain: 'own' };
    const path = onnxOf([call], { f: [{ op: 'Loop', graphs: [[]] }] });
    await expect(importModel(path, {})).rejects.toThrow('its operator Loop repeats');
  });

  test('functions of an ONNX file that call each other twice over thirty levels, or themselves', async () => {
    const twice = (name: string): Node[] => Array<Node>(2).fill({ op: name, domain: 'own' });
    const levels = Array.from({ length: 30 }, (_, level) => [`f${level}`, twice(`f${level + 1}`)] as const);
    const doubling = onnxOf(twice('f0'), { ...Object.fromEntries(levels), f30: [{ op: 'Relu' }] });
    await expect(importModel(doubling, {})).rejects.toThrow('unfold to more than 1000000 nodes');
    const endless = onnxOf(twice('f'), { f: twice('f') });
    await expect(importModel(endless, {})).rejects.toThrow('unfold to more than 1000000 nodes');
  });

  test('graphs of an ONNX file in many layers; two are left to ONNX Runtime', async () => {
    let layers = branch([]);
    for (let depth = 0; depth < 2_000; depth++) layers = branch([layers]);
    await expect(importModel(onnxOf([layers]), {})).rejects.toThrow('nested too deeply');
    await expect(importModel(onnxOf([branch([branch([])])]), {})).rejects.toThrow(
      'ONNX Runtime cannot load it',
    );
  });

  test('ten megabytes of metadata of a safetensors file, which are read', async () => {
    const path = join(tempFolder(), 'a.safetensors');
    const long = 'x"\\'.repeat(2_000_000);
    await writeSafetensors(path, [], { long });
    await using file = await openWeights(path);
    expect(file.metadata.get('long')).toBe(long);
  });

  test('more tensors of a safetensors file than any network has', async () => {
    const path = join(tempFolder(), 'a.safetensors');
    const entry = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
    const names = Array.from({ length: 100_001 }, (_, index) => `"${index}":${entry}`);
    const header = Buffer.from(`{${names.join(',')}}`);
    const length = Buffer.alloc(8);
    length.writeUInt32LE(header.length);
    writeFileSync(path, Buffer.concat([length, header]));
    await expect(openWeights(path)).rejects.toThrow('more than 100000 tensors');
  });

  test.skipIf(process.platform === 'win32')(
    'a link that leads to itself, and a path that is none',
    async () => {
      const path = join(tempFolder(), 'a.pth');
      symlinkSync(path, path);
      await expect(openWeights(path)).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
      await expect(openWeights(join(path, 'x'.repeat(5_000)))).rejects.toMatchObject({
        code: 'FILE_UNUSABLE',
      });
      await expect(openWeights('/tmp/a\0b')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    },
  );

  test('more metadata of an ONNX file than anybody has', async () => {
    const path = join(tempFolder(), 'a.onnx');
    const model = new ProtoWriter().int(1, 8);
    for (let at = 0; at < 65; at++) {
      model.message(14, new ProtoWriter().string(1, `key ${at}`).string(2, 'v'));
    }
    writeFileSync(path, model.bytes());
    await expect(openWeights(path)).rejects.toThrow('it has too much metadata');
  });

  test.skipIf(process.platform === 'win32')('a named pipe that nobody writes into', async () => {
    const path = join(tempFolder(), 'pipe');
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    await expect(openWeights(path)).rejects.toThrow('is not a regular file');
  });

  test('a name that would drive the terminal', async () => {
    const path = join(tempFolder(), 'a.safetensors');
    const name = `\u001b[2J${'x'.repeat(5_000)}`;
    const bytes = () => new Uint8Array(4);
    await writeSafetensors(path, [{ name, dtype: 'F32', shape: [1], bytes }]);
    const message = await importEncoder(path).then(
      () => 'accepted',
      (error: unknown) => (error instanceof Error ? error.message : 'no error'),
    );
    expect(message).toContain('\ufffd[2Jxxx');
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(message.length).toBeLessThan(500);
  });
});
