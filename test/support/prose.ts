import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const CODE = new Set(['.ts', '.js', '.mjs', '.svelte']);

/** A page, or a comment of a source file, as one line. */
export type Prose = { path: string; text: string };

/** The files below a folder of the repository, or the file itself, as paths from the repository's root. */
export function filesBelow(path: string): string[] {
  if (!statSync(resolve(root, path)).isDirectory()) return [path];
  return readdirSync(resolve(root, path), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(`${path}/${entry.name}`) : [`${path}/${entry.name}`],
  );
}

/** What people read in these folders and files: pages as a whole, and the comments of code. */
export function proseIn(...paths: readonly string[]): Prose[] {
  return paths.flatMap(filesBelow).flatMap((path) => {
    const isPage = extname(path) === '.md';
    if (!isPage && !CODE.has(extname(path))) return [];
    const text = readFileSync(resolve(root, path), 'utf8');
    return (isPage ? [text] : commentsOf(text)).map((part) => ({ path, text: part.replace(/\s+/g, ' ') }));
  });
}

/** Comments without their marks; lines that follow each other and begin with `//` are one. */
function commentsOf(code: string): string[] {
  const comments = code.matchAll(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|(?:\/\/[^\n]*(?:\n[ \t]*(?=\/\/))?)+/g);
  return [...comments].map(([comment]) => comment.replace(/^[ \t]*(?:\/\/|\/?\*+\/?)/gm, ''));
}
