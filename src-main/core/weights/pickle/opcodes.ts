import type { ByteReader } from './byte-reader.ts';
import { refuseDangerous } from './dangerous-globals.ts';
import { PyDict, PyGlobal, PyList, PyObject, PyReference, PyTuple, type PyValue } from './values.ts';

/** The state of reading one pickle. */
export type Machine = {
  reader: ByteReader;
  fail: (problem: string) => never;
  /** Counts instructions, or copies, and fails when there are too many. */
  spend: (instructions: number) => void;
  stack: PyValue[];
  /** Heights of the stack at each open MARK. */
  marks: number[];
  memo: Map<number, PyValue>;
  /** Everything that lies outside the pickle, in the order it was met. */
  references: PyReference[];
};

type Opcode = { name: string; run: (machine: Machine) => void };

/** Longest number written as text or as bytes. */
const MAX_DIGITS = 64;
const MAX_NAME = 512;
/** A string of Python 2 is text or raw bytes alike; the elements of an array are long. */
const MAX_TEXT = 4_096;

const reads =
  (read: (machine: Machine) => PyValue) =>
  (machine: Machine): void =>
    void machine.stack.push(read(machine));

/** All opcodes of protocols 0 to 5 that describe data (CPython, Lib/pickletools.py). */
const TABLE: readonly (readonly [code: number | string, name: string, run: Opcode['run']])[] = [
  [0x80, 'PROTO', checkProtocol],
  [0x95, 'FRAME', ({ reader }) => void reader.length64()],
  ['.', 'STOP', () => undefined],

  ['N', 'NONE', reads(() => null)],
  [0x88, 'NEWTRUE', reads(() => true)],
  [0x89, 'NEWFALSE', reads(() => false)],
  ['I', 'INT', reads(textInt)],
  ['L', 'LONG', reads((m) => toInteger(m.reader.line(MAX_DIGITS).replace(/L$/, ''), m))],
  ['J', 'BININT', reads(({ reader }) => reader.int32())],
  ['K', 'BININT1', reads(({ reader }) => reader.uint8())],
  ['M', 'BININT2', reads(({ reader }) => reader.uint16())],
  [0x8a, 'LONG1', reads((m) => littleEndian(m, m.reader.uint8()))],
  [0x8b, 'LONG4', reads((m) => littleEndian(m, m.reader.uint32()))],
  ['F', 'FLOAT', reads(({ reader }) => Number(reader.line(MAX_DIGITS)))],
  ['G', 'BINFLOAT', reads(({ reader }) => reader.float64BigEndian())],

  ['S', 'STRING', reads(quoted)],
  ['T', 'BINSTRING', reads(({ reader }) => python2String(reader, reader.uint32()))],
  ['U', 'SHORT_BINSTRING', reads(({ reader }) => python2String(reader, reader.uint8()))],
  ['V', 'UNICODE', reads(({ reader }) => reader.line(MAX_TEXT))],
  ['X', 'BINUNICODE', reads(({ reader }) => reader.utf8(reader.uint32()))],
  [0x8c, 'SHORT_BINUNICODE', reads(({ reader }) => reader.utf8(reader.uint8()))],
  [0x8d, 'BINUNICODE8', reads(({ reader }) => reader.utf8(reader.length64()))],
  ['B', 'BINBYTES', reads(({ reader }) => reader.bytes(reader.uint32()))],
  ['C', 'SHORT_BINBYTES', reads(({ reader }) => reader.bytes(reader.uint8()))],
  [0x8e, 'BINBYTES8', reads(({ reader }) => reader.bytes(reader.length64()))],
  [0x96, 'BYTEARRAY8', reads(({ reader }) => reader.bytes(reader.length64()))],

  ['(', 'MARK', ({ marks, stack }) => void marks.push(stack.length)],
  ['0', 'POP', discard],
  ['1', 'POP_MARK', (m) => void popMark(m)],
  ['2', 'DUP', reads((m) => m.stack.at(-1) ?? (m.stack.length > 0 ? null : m.fail('the stack is empty')))],

  [')', 'EMPTY_TUPLE', reads(() => new PyTuple([]))],
  [0x85, 'TUPLE1', reads((m) => tuple(m, 1))],
  [0x86, 'TUPLE2', reads((m) => tuple(m, 2))],
  [0x87, 'TUPLE3', reads((m) => tuple(m, 3))],
  ['t', 'TUPLE', reads((m) => new PyTuple(popMark(m)))],
  [']', 'EMPTY_LIST', reads(() => new PyList())],
  [0x8f, 'EMPTY_SET', reads(() => new PyList())],
  ['l', 'LIST', reads((m) => listOf(popMark(m)))],
  [0x91, 'FROZENSET', reads((m) => listOf(popMark(m)))],
  ['a', 'APPEND', (m) => append(m, [pop(m)])],
  ['e', 'APPENDS', (m) => append(m, popMark(m))],
  [0x90, 'ADDITEMS', (m) => append(m, popMark(m))],
  ['}', 'EMPTY_DICT', reads(() => new PyDict())],
  ['d', 'DICT', reads((m) => dictOf(m, popMark(m)))],
  ['s', 'SETITEM', (m) => setItems(m, tuple(m, 2).items)],
  ['u', 'SETITEMS', (m) => setItems(m, popMark(m))],

  ['c', 'GLOBAL', reads((m) => globalOf(m, m.reader.line(MAX_NAME), m.reader.line(MAX_NAME)))],
  [0x93, 'STACK_GLOBAL', reads(stackGlobal)],
  ['R', 'REDUCE', reads(reduce)],
  [0x81, 'NEWOBJ', reads(reduce)],
  [0x92, 'NEWOBJ_EX', reads(newObjectEx)],
  [
    'i',
    'INST',
    reads((m) => call(m, globalOf(m, m.reader.line(MAX_NAME), m.reader.line(MAX_NAME)), popMark(m))),
  ],
  ['o', 'OBJ', reads((m) => callFirst(m, popMark(m)))],
  ['b', 'BUILD', build],
  ['P', 'PERSID', reads((m) => reference(m, m.reader.line(MAX_NAME)))],
  ['Q', 'BINPERSID', reads((m) => reference(m, pop(m)))],

  ['p', 'PUT', (m) => put(m, Number(m.reader.line(MAX_DIGITS)))],
  ['q', 'BINPUT', (m) => put(m, m.reader.uint8())],
  ['r', 'LONG_BINPUT', (m) => put(m, m.reader.uint32())],
  [0x94, 'MEMOIZE', (m) => put(m, m.memo.size)],
  ['g', 'GET', reads((m) => get(m, Number(m.reader.line(MAX_DIGITS))))],
  ['h', 'BINGET', reads((m) => get(m, m.reader.uint8()))],
  ['j', 'LONG_BINGET', reads((m) => get(m, m.reader.uint32()))],

  ...['EXT1', 'EXT2', 'EXT4'].map(
    (name, index) => [0x82 + index, name, ({ fail }: Machine) => fail('extensions are not read')] as const,
  ),
  ...['NEXT_BUFFER', 'READONLY_BUFFER'].map(
    (name, index) => [0x97 + index, name, ({ fail }: Machine) => fail('its buffers are elsewhere')] as const,
  ),
];

/** By their byte. */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map(
  TABLE.map(([code, name, run]) => [typeof code === 'string' ? code.charCodeAt(0) : code, { name, run }]),
);

function checkProtocol({ reader, fail }: Machine): void {
  if (reader.uint8() > 5) fail('the protocol is newer than 5');
}

/** `01` and `00` are how protocol 0 writes booleans. */
function textInt(machine: Machine): PyValue {
  const text = machine.reader.line(MAX_DIGITS);
  return text === '01' ? true : text === '00' ? false : toInteger(text, machine);
}

function toInteger(text: string, { fail }: Machine): PyValue {
  if (!/^-?\d+$/.test(text)) fail(`'${text}' is not an integer`);
  return narrow(BigInt(text));
}

/** Two's complement, least significant byte first. */
function littleEndian({ reader, fail }: Machine, length: number): PyValue {
  if (length > MAX_DIGITS) fail(`an integer of ${length} bytes is too long`);
  const digits = Buffer.from(reader.bytes(length)).reverse().toString('hex');
  return narrow(BigInt.asIntN(length * 8, BigInt(`0x${digits || '0'}`)));
}

const narrow = (value: bigint) => (BigInt(Number(value)) === value ? Number(value) : value);

/** Text as Python 2 shows it; protocol 0 alone has it, and no name of a tensor needs an escape. */
function quoted({ reader, fail }: Machine): string {
  const inner = /^(['"])([^\\]*)\1$/.exec(reader.line(MAX_TEXT))?.[2];
  return inner ?? fail('its text is not quoted, or has escapes');
}

function python2String(reader: ByteReader, length: number): PyValue {
  return length <= MAX_TEXT ? reader.latin1(length) : reader.bytes(length);
}

function pop({ stack, marks, fail }: Machine): PyValue {
  if (stack.length <= (marks.at(-1) ?? 0)) return fail('the stack is empty');
  return stack.pop() ?? null;
}

/** POP also removes a MARK. */
function discard(machine: Machine): void {
  const { stack, marks } = machine;
  if (marks.at(-1) === stack.length) marks.pop();
  else pop(machine);
}

function popMark({ stack, marks, fail }: Machine): PyValue[] {
  const mark = marks.pop() ?? fail('no MARK is open');
  return stack.splice(mark);
}

function tuple(machine: Machine, size: number): PyTuple {
  return new PyTuple(Array.from({ length: size }, () => pop(machine)).reverse());
}

function listOf(items: readonly PyValue[]): PyList {
  const list = new PyList();
  for (const item of items) list.items.push(item);
  return list;
}

function dictOf(machine: Machine, items: readonly PyValue[]): PyDict {
  const dict = new PyDict();
  fill(machine, dict, items);
  return dict;
}

function fill({ fail }: Machine, { entries }: PyDict, items: readonly PyValue[]): void {
  if (items.length % 2 === 1) fail('a key has no value');
  for (let at = 0; at < items.length; at += 2) entries.set(items[at] ?? null, items[at + 1] ?? null);
}

function top({ stack, marks, fail }: Machine): PyValue {
  if (stack.length <= (marks.at(-1) ?? 0)) return fail('the stack is empty');
  return stack.at(-1) ?? null;
}

function append(machine: Machine, items: readonly PyValue[]): void {
  const target = top(machine);
  const list = target instanceof PyObject ? target.list : target;
  if (!(list instanceof PyList)) return machine.fail('it adds to something that is not a list');
  for (const item of items) list.items.push(item);
}

function setItems(machine: Machine, items: readonly PyValue[]): void {
  const target = top(machine);
  const dict = target instanceof PyObject ? target.dict : target;
  if (!(dict instanceof PyDict)) return machine.fail('it sets an item of something that is not a dictionary');
  fill(machine, dict, items);
}

function globalOf({ fail }: Machine, module: string, name: string): PyGlobal {
  const path = `${module}.${name}`;
  refuseDangerous(path, fail);
  return new PyGlobal(path);
}

function stackGlobal(machine: Machine): PyGlobal {
  const [module, name] = tuple(machine, 2).items;
  if (typeof module !== 'string' || typeof name !== 'string') return machine.fail('its names are not text');
  return globalOf(machine, module, name);
}

function reduce(machine: Machine): PyValue {
  const [callee, args] = tuple(machine, 2).items;
  if (!(args instanceof PyTuple)) return machine.fail('its arguments are not a tuple');
  return call(machine, callee ?? null, args.items);
}

function newObjectEx(machine: Machine): PyValue {
  const [callee, args] = tuple(machine, 3).items;
  if (!(args instanceof PyTuple)) return machine.fail('its arguments are not a tuple');
  return call(machine, callee ?? null, args.items);
}

function callFirst(machine: Machine, [callee = null, ...args]: PyValue[]): PyValue {
  return call(machine, callee, args);
}

/** Notes down a call; dictionaries alone are made. */
function call(machine: Machine, callee: PyValue, args: readonly PyValue[]): PyValue {
  if (!(callee instanceof PyGlobal)) return machine.fail('it calls something without a name');
  if (callee.path !== 'collections.OrderedDict') return new PyObject(callee, args);
  const pairs = args[0] instanceof PyList ? args[0].items : [];
  machine.spend(pairs.length);
  return dictOf(
    machine,
    pairs.flatMap((pair) =>
      pair instanceof PyTuple || pair instanceof PyList ? pair.items.slice(0, 2) : [],
    ),
  );
}

function reference({ references }: Machine, id: PyValue): PyReference {
  const made = new PyReference(id);
  references.push(made);
  return made;
}

/** State of what was called; attributes of a dictionary, such as `_metadata`, do not matter. */
function build(machine: Machine): void {
  const state = pop(machine);
  const target = top(machine);
  if (target instanceof PyObject) target.state = state;
  else if (!(target instanceof PyDict)) machine.fail('it completes something that no call created');
}

function put(machine: Machine, index: number): void {
  if (!Number.isSafeInteger(index)) machine.fail('its memo index is not a number');
  machine.memo.set(index, top(machine));
}

function get({ memo, fail }: Machine, index: number): PyValue {
  const value = memo.get(index);
  return value === undefined ? fail(`the memo is empty at ${index}`) : value;
}
