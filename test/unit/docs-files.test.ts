import { globSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codesIn, developerPages, documentationPages, tableRows } from '../support/documentation.ts';

const root = resolve(import.meta.dirname, '../..');
/** A path that a page names is inside the repository, or inside one of these for short. */
const BASES = ['.', 'src-main', 'src-renderer'];
const ROOMS = readdirSync(resolve(root, 'src-main'), { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const PATH = new RegExp(
  String.raw`^(?:src-main|src-renderer|test|resources|${ROOMS.join('|')})/[\w.*{},/-]*$`,
);
const SOURCE_FILE = /^[\w.-]+\.(?:ts|svelte|mjs|sql|css)$/;
const ANYWHERE = ['', 'src-main/**/', 'src-renderer/**/', 'test/**/', 'resources/**/'];
const MAX_LINES = 200;

const pages = [...documentationPages(), ...developerPages()];

/** The words of code in a text, in backticks or in a block of code, without what ends a sentence. */
function codeWords(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```.*\n([^]*?)^```$/gm)].map(([, code = '']) => code);
  const spans = [...markdown.replace(/^```[^]*?^```$/gm, '').matchAll(/`([^`]+)`/g)].map(
    ([, code = '']) => code,
  );
  return [...blocks, ...spans]
    .flatMap((code) => code.split(/\s+/))
    .map((word) => word.replace(/[.,:;]+$/, ''));
}

/** What a page calls a file or folder of this repository. */
function pathsIn(markdown: string): string[] {
  return codeWords(markdown).filter((word) => PATH.test(word) || SOURCE_FILE.test(word));
}

/**
 * Whether it is there. `NAME` and its like stand for anything, a file without a folder may be anywhere, and of a list
 * in braces no more than one would have to be there: so pages write out each path.
 */
function isThere(path: string): boolean {
  if (path.includes('{')) return false;
  const pattern = path.replace(/NAME|KIND/g, '*').replace(/\/$/, '');
  const within = path.includes('/')
    ? BASES.map((base) => `${base}/${pattern}`)
    : ANYWHERE.map((folder) => folder + pattern);
  return globSync(within, { cwd: root }).length > 0;
}

describe('the files and folders', () => {
  test.each(pages)('that $path names exist', ({ text }) => {
    expect(pathsIn(text).filter((path) => !isThere(path))).toEqual([]);
  });

  test('that the floor plan shows exist, and it shows every folder at the top of the sources', () => {
    const svg = readFileSync(resolve(root, 'resources/docs/floor-plan.svg'), 'utf8');
    const shown = [...svg.matchAll(/>([^<]+)<\/text>/g)]
      .flatMap(([, words = '']) => words.split(' '))
      .filter((word) => word.endsWith('/'));
    expect(shown.filter((path) => !isThere(path))).toEqual([]);
    const folders = BASES.slice(1).flatMap((base) =>
      readdirSync(resolve(root, base), { withFileTypes: true }).filter((entry) => entry.isDirectory()),
    );
    for (const { name } of folders) expect(shown.map((path) => path.split('/')[0])).toContain(name);
  });

  test('are found in sentences, commands and patterns, and wrong ones are found out', () => {
    const text = [
      'See `core/tensor/shape.ts`, `export/NAME.ts` and `slic.ts`; not `images/train` or `--images copy`.',
      '```sh\nnpx vitest run test/unit/export\n```',
      'Gone are `core/infer/encoder.ts`, `store/` with `gone.sql`, and `test/unit/{lint,gone}`.',
    ].join('\n');
    const named = pathsIn(text);
    expect(named).toEqual([
      'test/unit/export',
      'core/tensor/shape.ts',
      'export/NAME.ts',
      'slic.ts',
      'core/infer/encoder.ts',
      'store/',
      'gone.sql',
      'test/unit/{lint,gone}',
    ]);
    expect(named.filter((path) => !isThere(path))).toEqual([
      'core/infer/encoder.ts',
      'gone.sql',
      'test/unit/{lint,gone}',
    ]);
  });
});

describe('the pages for developers', () => {
  test('fit: ARCHITECTURE.md can be read in one sitting', () => {
    const text = pages.find(({ path }) => path === 'ARCHITECTURE.md')?.text ?? '';
    expect(text.trimEnd().split('\n').length).toBeGreaterThan(1);
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_LINES);
  });

  test('are linked from the README', () => {
    const [readme] = pages;
    expect(readme?.text).toContain('](ARCHITECTURE.md)');
    expect(readme?.text).toContain('](CONTRIBUTING.md)');
  });

  test('name no npm script that does not exist', () => {
    const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const [readme] = documentationPages();
    const named = [readme, ...developerPages()].flatMap((page) =>
      [...(page?.text ?? '').matchAll(/\bnpm run (?:-s )?([a-z][a-z:-]*)/g)].map(([, name = '']) => name),
    );
    expect(named).toContain('lint');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('name no test that does not exist for the faults that were once missed', () => {
    const page = pages.find(({ path }) => path === 'test/README.md')?.text ?? '';
    const rows = tableRows(page, 'fault', 'file', 'test');
    expect(rows.length).toBeGreaterThan(30);
    for (const [fault, file, tests = ''] of rows) {
      const source = readFileSync(resolve(root, codesIn(file)[0] ?? ''), 'utf8');
      const titles = [...tests.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title);
      expect(titles.length, fault).toBeGreaterThan(0);
      for (const title of titles) expect(source, fault).toContain(title);
    }
  });
});
