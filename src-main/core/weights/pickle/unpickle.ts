import { ByteReader } from './byte-reader.ts';
import { OPCODES, type Machine } from './opcodes.ts';
import type { PyReference, PyValue } from './values.ts';

/**
 * A checkpoint has fewer instructions than this: a ResNet-50 with its optimizer has about 30,000. An instruction
 * may leave a dictionary behind, which takes 250 bytes of memory.
 */
const MAX_INSTRUCTIONS = 2_000_000;

/** Where and why a pickle cannot be read. */
export class PickleError extends Error {}

/** The value of a pickle, what it refers to outside, and where it ends. */
export type Unpickled = { value: PyValue; references: readonly PyReference[]; end: number };

/**
 * Reads one pickle as inert data. Every instruction takes at least one byte and makes at most one value; shared
 * values stay shared, and an instruction that copies others counts for as many as it copies. So time and memory are
 * bounded, whatever the pickle says.
 * @param bytes may hold more behind the pickle
 * @param start where the pickle starts
 * @throws PickleError naming the opcode at fault
 */
export function unpickle(bytes: Uint8Array<ArrayBuffer>, start = 0): Unpickled {
  let current = 'the start';
  const fail = (problem: string): never => {
    throw new PickleError(`${current}: ${problem}`);
  };
  const reader = new ByteReader(bytes, start, fail);
  let left = MAX_INSTRUCTIONS;
  const spend = (instructions: number) => {
    left -= instructions;
    if (left < 0) fail(`there are more than ${MAX_INSTRUCTIONS} instructions`);
  };
  const machine: Machine = { reader, fail, spend, stack: [], marks: [], memo: new Map(), references: [] };
  for (;;) {
    spend(1);
    const at = reader.position;
    const code = reader.uint8();
    const opcode = OPCODES.get(code);
    const name = opcode?.name ?? `0x${code.toString(16).padStart(2, '0')}`;
    current = `opcode ${name} at byte ${at}`;
    if (!opcode) return fail('there is no such opcode');
    if (opcode.name === 'STOP') {
      const value = machine.stack.pop();
      if (value === undefined) return fail('it produced no value');
      return { value, references: machine.references, end: reader.position };
    }
    opcode.run(machine);
  }
}
