import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const DOCS = 'resources/docs';

/** A page that people read: the README, or one of the pages beside it. */
export type Page = { path: string; text: string };

/** The README and the pages below `resources/docs`. */
export function documentationPages(): Page[] {
  const paths = [
    'README.md',
    ...readdirSync(resolve(root, DOCS))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${DOCS}/${name}`),
  ];
  return paths.map((path) => ({ path, text: readFileSync(resolve(root, path), 'utf8') }));
}

/** The pages for those who change the code. */
export function developerPages(): Page[] {
  return ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'test/README.md'].map((path) => ({
    path,
    text: readFileSync(resolve(root, path), 'utf8'),
  }));
}

/** Rows of the table whose heading begins with these cells, as cells; all such tables of a text together. */
export function tableRows(text: string, ...heading: readonly string[]): string[][] {
  const rows: string[][] = [];
  let isInside = false;
  for (const line of text.split('\n')) {
    const cells = line.startsWith('| ') ? line.slice(2, -2).split(' | ') : [];
    if (cells.length === 0) isInside = false;
    else if (heading.every((cell, at) => cells[at]?.startsWith(cell))) isInside = true;
    else if (isInside && !cells[0]?.startsWith('---')) rows.push(cells);
  }
  return rows;
}

/** What a text has in backticks, line by line. */
export function codesIn(text = ''): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}
