import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findTensors } from '../../../../src-main/core/weights/pickle/find-tensors.ts';
import { PickleError, unpickle } from '../../../../src-main/core/weights/pickle/unpickle.ts';
import {
  PyDict,
  PyList,
  PyObject,
  PyTuple,
  type PyValue,
} from '../../../../src-main/core/weights/pickle/values.ts';
import { pickleOf } from '../../../support/pickles.ts';
import { missingPython, runPython } from '../../../support/python.ts';

/** Containers as plain arrays and lists of pairs. */
function plain(value: PyValue): unknown {
  if (value instanceof PyDict) return [...value.entries].map(([key, item]) => [plain(key), plain(item)]);
  if (value instanceof PyList || value instanceof PyTuple) return value.items.map(plain);
  if (value instanceof Uint8Array) return [...value];
  if (value instanceof PyObject) return { [value.callee.path]: value.args.map(plain) };
  return value;
}

const read = (...parts: Parameters<typeof pickleOf>) => plain(unpickle(pickleOf(...parts)).value);
const failures = (value: PyValue) =>
  findTensors(value, (problem) => {
    throw new Error(problem);
  });

describe('a pickle', () => {
  test('of every protocol of Python comes back as it was', { tags: ['tools'] }, ({ skip }) => {
    const missing = missingPython('pickle');
    if (missing) skip(missing);
    const script = `
import pickle, sys, json
v = {'a': [1, -1, 255, 65536, -2**31, 2**40, 2**70, -2**70, 1.5, True, False, None], 'b': ('x', 'é' * 300, b'\\x00\\xff' * 200),
     'same': [], 'again': None, 3: (1,), 't': (1, 2, 3, 4)}
v['again'] = v['same']
print(json.dumps([pickle.dumps(v, p).hex() for p in range(1, 6)]))`;
    const all = JSON.parse(runPython(script)) as string[];
    for (const [index, hex] of all.entries()) {
      const { value } = unpickle(Uint8Array.from(Buffer.from(hex, 'hex')));
      if (!(value instanceof PyDict)) throw new Error('no dictionary');
      const entry = (key: string) => value.entries.get(key) ?? null;
      expect(plain(entry('a'))).toEqual([
        ...[1, -1, 255, 65_536, -(2 ** 31), 2 ** 40, Number(2n ** 70n), Number(-(2n ** 70n)), 1.5],
        ...[true, false, null],
      ]);
      const [text, long, bytes] = plain(entry('b')) as unknown[];
      expect([text, long]).toEqual(['x', 'é'.repeat(300)]);
      // Protocols before 3 have no bytes and call a codec.
      if (index >= 2) expect(bytes).toEqual(Array.from({ length: 400 }, (_, at) => (at % 2 ? 255 : 0)));
      expect(entry('again')).toBe(entry('same'));
      expect(plain(entry('t'))).toEqual([1, 2, 3, 4]);
    }
  });

  test('of protocol 0 may be written by hand', () => {
    expect(read("(lp0\nI1\naI01\naL5L\naF2.5\naS'ab'\naVcd\nag0\n0.")).toEqual([1, true, 5, 2.5, 'ab', 'cd']);
  });

  test('that would run something does not run it', () => {
    expect(read('cmy.module\nlaunch\n', '(', 'K', 7, 'tR.')).toEqual({ 'my.module.launch': [7] });
  });

  test.each<[string, string, Parameters<typeof pickleOf>]>([
    ['runs a command', 'GLOBAL at byte 0: it names os.system', ['cos\nsystem\n(U', 2, 'lstR.']],
    ['runs a command by another door', 'STACK_GLOBAL', [0x8c, 5, 'posix', 0x8c, 6, 'system', 0x93, '.']],
    ['evaluates code', 'it names builtins.eval', ['cbuiltins\neval\n(tR.']],
    ['evaluates code as an instance', 'INST', ['(i__builtin__\nexec\n.']],
    ['hides a module below another', 'it names os.path.join', ['cos.path\njoin\n.']],
    ['has an unknown opcode', 'opcode 0xff at byte 1: there is no such opcode', ['N', 0xff, '.']],
    ['uses extensions', 'opcode EXT1', [0x82, 1, '.']],
    ['refers to buffers elsewhere', 'opcode NEXT_BUFFER', [0x97, '.']],
    ['ends early', 'opcode BININT at byte 0: the data ends', ['J', 1, 2]],
    ['does not stop', 'the data ends', ['N']],
    ['stops with nothing', 'opcode STOP at byte 0: it produced no value', ['.']],
    ['takes from an empty stack', 'opcode TUPLE2 at byte 1', ['N', 0x86, '.']],
    ['takes from below a mark', 'opcode APPEND at byte 3', ['](Na.']],
    ['closes a mark that is not open', 'opcode TUPLE at byte 0: no MARK', ['t.']],
    ['remembers nothing', 'opcode BINPUT at byte 0', ['q', 1, '.']],
    ['recalls what was never remembered', 'the memo is empty at 9', ['h', 9, '.']],
    ['adds to what is no list', 'it adds to something that is not a list', ['NNa.']],
    ['sets in what is no dictionary', 'not a dictionary', [']NNs.']],
    ['gives a key without a value', 'a key has no value', ['}(Nu.']],
    ['calls what has no name', 'it calls something without a name', ['N)R.']],
    ['calls with no tuple', 'its arguments are not a tuple', ['ca\nb\nNR.']],
    ['announces a string beyond its end', 'opcode BINUNICODE', ['X', 0xff, 0xff, 0xff, 0xff, 'abc']],
    ['announces bytes beyond all memory', 'opcode BINBYTES8', [0x8e, ...Array<number>(8).fill(0xff)]],
    ['has an endless number', 'an integer of 4294967295 bytes', [0x8b, 0xff, 0xff, 0xff, 0xff]],
    ['has an endless line', 'opcode GLOBAL at byte 0: its line', ['c', 'a'.repeat(600)]],
    ['has text that is not UTF-8', 'not UTF-8', ['X', 1, 0, 0, 0, 0xff, '.']],
    ['is of a protocol to come', 'newer than 5', [0x80, 6, 'N.']],
  ])('that %s is refused, naming the opcode', (_, message, parts) => {
    expect(() => read(...parts)).toThrow(PickleError);
    expect(() => read(...parts)).toThrow(message);
  });

  test('of many million instructions ends', () => {
    const bytes = new Uint8Array(3_000_000).fill('N'.charCodeAt(0));
    expect(() => unpickle(bytes)).toThrow('more than 2000000 instructions');
  });

  test('made of any bytes is read or refused, and never brings a bug to light', () => {
    const opcodes =
      '(.0122NIJKMLFGSTUVXBC)]}ldtaesucRiobPQpqrghj\x80\x85\x86\x87\x88\x89\x8a\x8c\x93\x94\x95';
    const byte = fc.oneof(
      fc.nat(opcodes.length - 1).map((at) => opcodes.charCodeAt(at)),
      fc.nat(255),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), (bytes) => {
        try {
          findTensors(unpickle(Uint8Array.from([...bytes, 0x2e])).value, () => {
            throw new PickleError('');
          });
        } catch (error) {
          expect(error).toBeInstanceOf(PickleError);
        }
      }),
      { numRuns: 20_000, seed: 7 },
    );
  });
});

describe('the search for tensors', () => {
  test('ends in a value that holds itself', () => {
    const list = new PyList();
    list.items.push(list);
    expect(() => failures(list)).toThrow('nested deeper than 48 levels');
  });

  test('ends where a few shared values stand for very many', () => {
    let level = new PyList();
    for (let depth = 0; depth < 40; depth++) {
      const next = new PyList();
      next.items.push(level, level);
      level = next;
    }
    expect(() => failures(level)).toThrow('more than 1000000 values');
  });

  test('ends in a very long chain of wrappers', () => {
    const wrapped = 'ctorch._utils\n_rebuild_parameter\nq\x01';
    const bytes = pickleOf(wrapped, '0N', ...Array<string>(100_000).fill('q\x02h\x01h\x02\x85R'), '.');
    expect(failures(unpickle(bytes).value).size).toBe(0);
  });
});
