import type { UserError } from '../../contract/errors.ts';
import { commandLineHint } from './error-hints.ts';

const MIB = 2 ** 20;

/** Exit codes of every command. */
export const ExitCode = { ok: 0, userError: 1, usage: 2, bug: 70, cancelled: 130 } as const;

/** Where a command writes: results to stdout, all else (progress, errors) to stderr. */
export type Output = {
  isJson: boolean;
  /** Prints the result: the value as JSON with `--json`, otherwise the lines made from it. */
  result: <T>(value: T, toLines: (value: T) => string[]) => void;
  note: (line: string) => void;
};

export function createOutput(isJson: boolean): Output {
  return {
    isJson,
    result: (value, toLines) => {
      const text = isJson ? JSON.stringify(value, null, 2) : toLines(value).join('\n');
      if (text !== '') process.stdout.write(`${text}\n`);
    },
    note: (line) => void process.stderr.write(`${line}\n`),
  };
}

/** Columns padded to their widest cell, separated by two spaces. The first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** Characters as people count them: close enough to columns for names in most scripts. */
const segmenter = new Intl.Segmenter();
const width = (text: string) => [...segmenter.segment(text)].length;

/** Control characters of a file's name shown as escapes, so that a name cannot drive the terminal. */
export function printable(name: string): string {
  return name.replaceAll(/\p{Cc}/gu, (char) =>
    JSON.stringify(char).slice(1, -1).replace('\u007f', '\\u007f'),
  );
}

/** A user error in up to two lines: what failed, and what to do. */
export function errorLines(error: UserError): string[] {
  const shown = (text: string) => text.split('\n').map(printable).join('\n');
  const hint = commandLineHint(error.toInfo());
  return [`error: ${shown(error.message)}`, ...(hint === null ? [] : [`  ${shown(hint)}`])];
}

/** How long something takes, to one or two units: `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
}

/** A number of things: `1 image`, `2 images`. @param thing a word whose plural takes an s */
export function countText(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** The size of a file. */
export function fileSizeText(bytes: number): string {
  return bytes < MIB ? `${(bytes / 1_024).toFixed(1)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}

/** A moment in UTC, to the second. */
export function dateText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
