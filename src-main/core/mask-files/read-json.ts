import { readMaskFile } from './read-file.ts';

/** JSON beyond this does not fit a JavaScript string. */
const MAX_BYTES = 500_000_000;
/** Real files stay below six levels. */
const MAX_DEPTH = 64;
/** Each object or list takes about 100 bytes of memory, however small it is in the file. */
const MAX_CONTAINERS = 5_000_000;
const MAX_VALUES = 60_000_000;

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\,[]{}');
const [CAPITAL_I, CAPITAL_N, MINUS] = Buffer.from('IN-');

/**
 * Reads the JSON of a mask file. A byte order mark is skipped, and NaN and Infinity, which Python writes, are read as
 * empty texts: they are no numbers, but the rest of the file counts.
 *
 * Memory: at most about 2.5 GB, for a file of 500 MB. The number of its values, which may take fifty times their
 * bytes, is bounded before it is parsed.
 * @returns its content, or one sentence about what is wrong with it
 */
export async function readJson(path: string): Promise<{ json: unknown } | string> {
  const bytes = await readMaskFile(path, MAX_BYTES);
  return typeof bytes === 'string' ? bytes : parseJson(inUtf8(bytes));
}

/** Windows' PowerShell writes UTF-16, with a byte order mark. */
function inUtf8(bytes: Buffer): Buffer {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return isUtf16 ? Buffer.from(bytes.toString('utf16le')) : bytes;
}

/** The JSON in the bytes of a whole file, as `readJson` reads it; `bytes` may be changed. */
export function parseJson(bytes: Buffer): { json: unknown } | string {
  const problem = blankNoNumbers(bytes);
  if (problem !== undefined) return problem;
  try {
    return { json: JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, '')) as unknown };
  } catch (error) {
    return `It is not valid JSON (${error instanceof Error ? error.message : String(error)}).`;
  }
}

/**
 * Replaces what is no number, and counts what makes parsing expensive. `bytes` need not be valid JSON; only valid JSON
 * is judged exactly.
 * @returns what is wrong, or undefined
 */
function blankNoNumbers(bytes: Buffer): string | undefined {
  let [depth, containers, values] = [0, 0, 0];
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE:
        at = endOfString(bytes, at);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        containers++;
        if (++depth > MAX_DEPTH) return `It is nested deeper than ${MAX_DEPTH} levels.`;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth--;
        break;
      case COMMA:
        values++;
        break;
      case CAPITAL_I:
      case CAPITAL_N:
        at = blankAt(bytes, at);
        break;
      default:
    }
  }
  if (values > MAX_VALUES)
    return `It holds more than ${MAX_VALUES / 1e6} million values: split it, then try again.`;
  if (containers <= MAX_CONTAINERS) return undefined;
  return `It holds more than ${MAX_CONTAINERS / 1e6} million lists and objects: split it, then try again.`;
}

/** Where a string ends that starts at `from`; the end of the file for one that does not. */
function endOfString(bytes: Buffer, from: number): number {
  let at = from + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** Blanks the word at `at` if it is no number. @returns where its last byte is, or `at` */
function blankAt(bytes: Buffer, at: number): number {
  const word = ['NaN', 'Infinity'].find((one) => bytes.toString('latin1', at, at + one.length) === one);
  if (word === undefined) return at;
  const start = bytes[at - 1] === MINUS ? at - 1 : at;
  bytes.write('""'.padEnd(at - start + word.length), start, 'latin1');
  return at + word.length - 1;
}
