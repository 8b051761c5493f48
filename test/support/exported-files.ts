import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodePngNumbers } from '../../src-main/core/mask/decode-png.ts';

/** The text of a file of an export, by the parts of its path. */
export const text = (...parts: string[]) => readFileSync(join(...parts), 'utf8');

export const json = (...parts: string[]): unknown => JSON.parse(text(...parts));

/** The numbers of a label PNG, row by row, and how many bits each takes. */
export function numberPng(...parts: string[]): { numbers: number[]; bits: number } {
  const read = decodePngNumbers(readFileSync(join(...parts)));
  if (!read) throw new Error(`${join(...parts)} holds colours`);
  return { numbers: [...read.data], bits: read.data.BYTES_PER_ELEMENT * 8 };
}

export const numbers = (...parts: string[]) => numberPng(...parts).numbers;
