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
