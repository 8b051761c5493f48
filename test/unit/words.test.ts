import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nativeTexts } from '../../src-main/host/electron/texts.ts';
import de from '../../src-renderer/i18n/de.json';
import en from '../../src-renderer/i18n/en.json';
import { developerPages, documentationPages } from '../support/documentation.ts';
import {
  commentsOf,
  ENGLISH,
  ENGLISH_COMMENTS,
  ENGLISH_LABELS,
  GERMAN,
  phrasesOf,
  wornIn,
  type Rule,
} from '../support/words.ts';

/** Code whose strings people read. */
const FOLDERS = ['src-main'];
/** Code whose comments developers read. */
const COMMENTED = ['src-main', 'src-renderer'];

type Texts = { [key: string]: string | Texts };

function textsOf(texts: Texts): string[] {
  return Object.values(texts).flatMap((text) => (typeof text === 'string' ? [text] : textsOf(text)));
}

/** Sentences of Markdown: without code, which has names of its own. */
function sentencesOf(markdown: string): string[] {
  const prose = markdown.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '`…`');
  return prose
    .split(/\n\n|\n(?=[|#-])/)
    .flatMap((paragraph) => paragraph.replace(/\s+/g, ' ').split(/(?<=[.!?:]) (?=[A-Z*])/));
}

/** All sources inside a folder. */
function sourcesIn(folder: string, endings: readonly string[] = ['.ts']): string[] {
  const path = resolve(import.meta.dirname, '../..', folder);
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((file) => endings.some((ending) => file.endsWith(ending)))
    .map((file) => readFileSync(join(path, file), 'utf8'));
}

/** All that people read, with the rules it has to keep. */
const SOURCES: { name: string; texts: string[]; rules: readonly Rule[] }[] = [
  { name: 'the page in English', texts: textsOf(en), rules: [...ENGLISH, ...ENGLISH_LABELS] },
  { name: 'the page in German', texts: textsOf(de), rules: GERMAN },
  {
    name: 'menus and dialogs in English',
    texts: textsOf(nativeTexts('en', 'en')),
    rules: [...ENGLISH, ...ENGLISH_LABELS],
  },
  { name: 'menus and dialogs in German', texts: textsOf(nativeTexts('de', 'de')), rules: GERMAN },
  ...[...documentationPages(), ...developerPages()].map(({ path, text }) => ({
    name: path,
    texts: sentencesOf(text),
    rules: ENGLISH,
  })),
  ...FOLDERS.map((name) => ({ name, texts: sourcesIn(name).flatMap(phrasesOf), rules: ENGLISH })),
  ...COMMENTED.map((name) => ({
    name: `comments in ${name}`,
    texts: sourcesIn(name, ['.ts', '.svelte']).flatMap(commentsOf),
    rules: [...ENGLISH, ...ENGLISH_COMMENTS],
  })),
];

describe('the words of', () => {
  test.each(SOURCES)('$name are those that a native writer would use', ({ texts, rules }) => {
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.flatMap((text) => wornIn(text, rules))).toEqual([]);
  });
});

describe('a worn phrase', () => {
  test.each([...ENGLISH, ...ENGLISH_COMMENTS, ...ENGLISH_LABELS, ...GERMAN])(
    'is found in "$example"',
    ({ worn, example }) => {
      expect(example).toMatch(worn);
    },
  );

  test.each([
    ['If the loss becomes NaN or infinite, the run stops', ENGLISH],
    ['The run is no longer needed; any more images are added later.', ENGLISH],
    ['Every image is segmented into objects.', [...ENGLISH, ...ENGLISH_LABELS]],
    ['Wählen Sie Masken aus, um sie zu vergleichen.', GERMAN],
  ])('is not found in "%s"', (text, rules) => {
    expect(wornIn(text, rules)).toEqual([]);
  });
});

test('comments are found in every form, and joined to one line each', () => {
  const source = [
    '/** One line. */',
    "const path = 'https://example.org'; // At the end.",
    '// Two lines',
    '  // in a row.',
    '/**',
    ' * A block',
    ' * of two.',
    ' */',
    '<!-- Markup. -->',
  ].join('\n');
  expect(commentsOf(source)).toEqual([
    '/** One line. */',
    '// At the end. Two lines in a row.',
    '/** A block of two. */',
    '<!-- Markup. -->',
  ]);
});
