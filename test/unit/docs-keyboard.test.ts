import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SCREEN_PLACES } from '../../src-main/contract/screens.ts';
import { nativeTexts } from '../../src-main/host/electron/texts.ts';
import en from '../../src-renderer/i18n/en.json';
import { COMMANDS } from '../../src-renderer/state/commands.ts';
import { codesIn, documentationPages, tableRows } from '../support/documentation.ts';

const root = resolve(import.meta.dirname, '../..');
const page = join(root, 'resources/docs/keyboard.md');

/** As documented, where that is not what a browser calls the key. */
const NAMES: Record<string, string> = {
  mod: 'Ctrl',
  shift: 'Shift',
  alt: 'Alt',
  ' ': 'Space',
  Escape: 'Esc',
  PageUp: 'Page Up',
  PageDown: 'Page Down',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
};

/** Keys that grids and buttons take by themselves, so that no command names them. */
const KEYS_OF_CONTROLS = ['Page Up', 'Page Down', 'Home', 'End'];

const sources = readdirSync(join(root, 'src-renderer'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.(svelte|ts)$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(root, 'src-renderer', path), 'utf8') }));

describe('the documented keyboard', () => {
  test('is the table of commands: renew it with `npx vitest run test/unit/docs-keyboard.test.ts -u`', async () => {
    const text = readFileSync(page, 'utf8');
    const [before = ''] = text.split('| key |');
    await expect(`${before}${tableOfCommands()}`).toMatchFileSnapshot(page);
  });

  test('of the masks screen is explained key by key', () => {
    const text = documentationPages().find(({ path }) => path.endsWith('/reviewing.md'))?.text ?? '';
    const explained = new Set(tableRows(text, 'key').flatMap(([keys]) => codesIn(keys)));
    const commands = Object.values(COMMANDS).filter(({ on }) => on.includes('masks' as never));
    expect(commands.map(({ keys }) => keyName(keys)).filter((keys) => !explained.has(keys))).toEqual([]);
    const known = [...Object.values(COMMANDS).map(({ keys }) => keyName(keys)), ...KEYS_OF_CONTROLS];
    expect([...explained].filter((keys) => !known.includes(keys) && !/^[1-9]$/.test(keys))).toEqual([]);
  });
});

describe('the table of commands', () => {
  test('has one meaning for each key, on every screen', () => {
    const all = [...Object.values(COMMANDS), ...SCREEN_PLACES].map(({ keys }) => keys);
    expect(all.filter((one, at) => all.indexOf(one) !== at)).toEqual([]);
  });

  test('names a command once, and is the only place with keys and their icons', () => {
    const labels = Object.values(COMMANDS).map(({ label }) => label);
    expect(labels.filter((one, at) => labels.indexOf(one) !== at)).toEqual([]);
    const written = sources
      .filter(({ path }) => path !== 'state/commands.ts')
      .flatMap(({ text }) => [...text.matchAll(/\bkeys(?:: '|=")([^'"]+)/g)].map(([, one = '']) => one));
    expect(written).toEqual([]);
  });

  test('says on which screens each command is', () => {
    for (const { path, text } of sources.filter((one) => one.path.startsWith('screens/'))) {
      for (const [, id = ''] of text.matchAll(/\bcommand\('(\w+)'/g)) {
        const { on } = COMMANDS[id as keyof typeof COMMANDS];
        expect(on, `${id} of ${path}`).toContain(path.split('/')[1]);
      }
    }
  });

  test('leaves × to what is closed or cleared: nothing is rejected or deleted by it', () => {
    const withX = sources.filter(({ text }) => text.includes("'@lucide/svelte/icons/x'"));
    for (const { path, text } of withX) {
      const [, name = ''] = /import (\w+) from '@lucide\/svelte\/icons\/x'/.exec(text) ?? [];
      const uses = [...text.matchAll(new RegExp(`.*icon(?:=\\{|: )${name}\\b[\\s\\S]{0,90}`, 'g'))].map(
        ([use]) => use,
      );
      expect(uses, path).not.toEqual([]);
      for (const use of uses) expect(use, path).toMatch(/'leave'|common\.(close|dismiss)|concepts\.clear/);
    }
  });
});

/** A row for each command, those that lead to screens first. */
function tableOfCommands(): string {
  const titles = nativeTexts('en', 'en').screens;
  const screens = SCREEN_PLACES.map(({ id, keys }) => [keys, titles[id], 'everywhere']);
  const commands = Object.values(COMMANDS).map(({ keys, label, on }) => [
    keys,
    textOf(label),
    on === 'everywhere' ? on : on.map((id) => titles[id]).join(', '),
  ]);
  const rows = [...screens, ...commands].map(
    ([keys = '', what, where]) => `| \`${keyName(keys)}\` | ${what} | ${where} |`,
  );
  return ['| key | what it does | screen |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

function textOf(label: string): string {
  let texts: unknown = en;
  for (const part of label.split('.')) texts = (texts as Record<string, unknown>)[part];
  return String(texts).replace('concept {{place}}', 'concepts `1` to `9`');
}

function keyName(keys: string): string {
  return keys
    .split(/\+(?=.)/)
    .map((key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key))
    .join('+');
}
