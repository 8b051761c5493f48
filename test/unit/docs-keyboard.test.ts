import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KEYS } from '../../src-renderer/state/command-keys.ts';
import { codesIn, documentationPages, tableRows } from '../support/documentation.ts';

const root = resolve(import.meta.dirname, '../..');

/** Where the shortcuts of a part of the page are written down. */
const PARTS = [
  { page: 'keyboard.md', heading: '## Everywhere', sources: ['components/frame/', 'contract/screens.ts'] },
  { page: 'keyboard.md', heading: '## Library', sources: ['screens/library/'] },
  { page: 'keyboard.md', heading: '## Concepts', sources: ['screens/concepts/'] },
  { page: 'reviewing.md', heading: '# ', sources: ['screens/masks/'] },
];

/** As documented, where that is not what a browser calls the key. */
const NAMES: Record<string, string> = {
  mod: 'Ctrl',
  shift: 'Shift',
  alt: 'Alt',
  ' ': 'Space',
  Escape: 'Esc',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  PageUp: 'Page Up',
  PageDown: 'Page Down',
};

/** Keys that grids and buttons take by themselves, so that no shortcut of a screen names them. */
const KEYS_OF_CONTROLS = [
  ...['Left', 'Right', 'Up', 'Down', 'Page Up', 'Page Down', 'Home', 'End'],
  ...['Enter', 'Space'],
];

const sources = ['src-renderer', 'src-main'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.(svelte|ts)$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, folder, path), 'utf8') })),
);

describe('the documented keyboard', () => {
  test.each(PARTS)('has the shortcuts of $sources under "$heading" of $page', (part) => {
    const inCode = new Set(
      sources
        .filter(({ path }) => part.sources.some((source) => path.startsWith(source)))
        .flatMap(({ text }) => shortcutsIn(text)),
    );
    const documented = new Set(documentedIn(part));
    expect(inCode.size).toBeGreaterThan(0);
    expect([...inCode].filter((keys) => !documented.has(keys))).toEqual([]);
    const invented = [...documented].filter((keys) => !inCode.has(keys) && !KEYS_OF_CONTROLS.includes(keys));
    expect(invented).toEqual([]);
  });

  test('has one meaning for each key, on every screen', () => {
    const keys: string[] = Object.values(KEYS);
    expect(keys.filter((one, at) => keys.indexOf(one) !== at)).toEqual([]);
    // Only digits are written where they are used: those of concepts, and those of screens.
    const written = sources
      .filter(({ path }) => !path.endsWith('contract/screens.ts'))
      .flatMap(({ text }) => [...text.matchAll(/\bkeys(?:: '|=")([^'"]+)/g)].map(([, one = '']) => one));
    expect(written.filter((one) => !/^[1-9]$/.test(one))).toEqual([]);
  });

  test('knows every place in the code that has shortcuts', () => {
    const known = PARTS.flatMap((part) => part.sources);
    const withShortcuts = sources.filter(({ text }) => shortcutsIn(text).length > 0).map(({ path }) => path);
    expect(withShortcuts.filter((path) => !known.some((source) => path.startsWith(source)))).toEqual([]);
  });
});

/** Keys of the shortcuts that a source file registers, by their documented names. */
function shortcutsIn(text: string): string[] {
  const written = [...text.matchAll(/\bkeys: '([^']+)'/g)].map(([, keys = '']) => keys);
  const named = [...text.matchAll(/\bkeys: KEYS\.(\w+)/g)].map(([, name = '']) => new Map(Object.entries(KEYS)).get(name) ?? name); // prettier-ignore
  return [...written, ...named].map((keys) =>
    keys
      .split(/\+(?=.)/)
      .map((key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key))
      .join('+'),
  );
}

/** Keys in the tables of a part: of a chapter, or of a whole page. */
function documentedIn({ page, heading }: { page: string; heading: string }): string[] {
  const text = documentationPages().find(({ path }) => path.endsWith(`/${page}`))?.text ?? '';
  const from = text.indexOf(heading);
  const next = heading.startsWith('## ') ? text.indexOf('\n## ', from) : -1;
  const chapter = text.slice(from, next === -1 ? undefined : next);
  return tableRows(chapter, 'key').flatMap(([keys]) => codesIn(keys));
}
