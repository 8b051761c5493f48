import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { ExportFormat } from '../../src-main/contract/export.ts';
import { MaskFileFormat } from '../../src-main/contract/mask-import.ts';
import { PresetName, PretrainConfig } from '../../src-main/contract/pretrain.ts';
import { RunMetric } from '../../src-main/contract/run.ts';
import { SegmentMode, SegmentSettings } from '../../src-main/contract/segmentation.ts';
import { DEFAULT_SETTINGS, Settings } from '../../src-main/contract/settings.ts';
import { DATA_FOLDER_VARIABLE } from '../../src-main/host/shared/data-folder.ts';
import { createProgram } from '../../src-main/host/cli/program.ts';
import { codesIn, developerPages, documentationPages, tableRows } from '../support/documentation.ts';

const root = resolve(import.meta.dirname, '../..');
const pages = documentationPages();
/** README and pages as one text. */
const docs = pages.map(({ text }) => text).join('\n');

/** Every command with its full name: `collections add`, `jobs list`, ... */
function commandsOf(command: Command, prefix = ''): { name: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const name = `${prefix}${child.name()}`;
    return child.commands.length > 0 ? commandsOf(child, `${name} `) : [{ name, command: child }];
  });
}

const commands = commandsOf(createProgram('0.0.0'));

describe('the documentation', () => {
  test.each(commands.map(({ name }) => name))('documents r2o %s', (name) => {
    expect(docs).toContain(`r2o ${name}`);
  });

  test('documents every option of every command', () => {
    const options = [createProgram('0.0.0'), ...commands.map(({ command }) => command)].flatMap(
      ({ options: all }) => all,
    );
    for (const { long } of options) if (long && long !== '--version') expect(docs).toContain(long);
  });

  test('documents no command that does not exist', () => {
    const known = new Set(commands.map(({ name }) => name));
    const groups = new Set(
      [...known].flatMap((name) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : [])),
    );
    const rows = [...docs.matchAll(/^\| `r2o ([a-z-]+(?: [a-z-]+)?)/gm)].map((match) => match[1] ?? '');
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(known.has(row) || groups.has(row), row).toBe(true);
  });

  test('documents every setting with its default, and the environment variable', () => {
    for (const [key, value] of Object.entries(DEFAULT_SETTINGS)) {
      expect(docs).toContain(`| \`${key}\` | ${String(value)} |`);
    }
    // In the words of `r2o settings list`.
    for (const { description = 'no description' } of Object.values(Settings.shape)) {
      expect(docs).toContain(`| ${description} |`);
    }
    expect(docs).toContain(DATA_FOLDER_VARIABLE);
  });

  test('documents every setting of a pretraining, and every curve', () => {
    for (const key of Object.keys(PretrainConfig.shape)) expect(docs).toContain(`\`${key}\``);
    for (const name of RunMetric.options) expect(docs).toContain(`\`${name}\``);
    for (const preset of PresetName.options) expect(docs).toContain(`| \`${preset}\` |`);
  });

  test('documents the settings and modes of a segmentation, and no others', () => {
    const page = textOf('segmenting.md');
    const rows = tableRows(page, 'setting', 'default').map(([key, value]) => [codesIn(key)[0], value]);
    const defaults = Object.entries(SegmentSettings.parse({}));
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(defaults.map(([key, value]) => [key, String(value)])),
    );
    const modes = tableRows(page, 'mode').flatMap(([mode]) => codesIn(mode));
    expect(modes.toSorted()).toEqual(SegmentMode.options.toSorted());
  });

  test('documents the formats of masks to import, and no others', () => {
    const rows = tableRows(textOf('datasets.md'), 'format to import').flatMap(([format]) => codesIn(format));
    expect(['auto', ...rows].toSorted()).toEqual(MaskFileFormat.options.toSorted());
  });

  test('documents the export formats, and no others', () => {
    const rows = tableRows(textOf('datasets.md'), '`--format`').flatMap(([format]) => codesIn(format));
    expect(rows.toSorted()).toEqual(ExportFormat.options.toSorted());
    const { length } = ExportFormat.options;
    for (const [count] of docs.matchAll(/\d+ formats/g)) expect(count).toBe(`${length} formats`);
  });

  test('documents every npm script that a person runs', () => {
    const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const name of Object.keys(scripts).filter((script) => script !== 'prepare')) {
      expect(docs).toMatch(new RegExp(`npm (run (-s )?)?${name}\\b`));
    }
  });

  test('links to nothing that does not exist', () => {
    for (const { path, text } of [...pages, ...developerPages()]) {
      for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [file = '', anchor] = target.split('#');
        const linked = file === '' ? path : relative(root, resolve(root, dirname(path), file));
        expect(existsSync(resolve(root, linked)), `${target} in ${path}`).toBe(true);
        if (anchor) expect(anchorsOf(readFileSync(resolve(root, linked), 'utf8')), path).toContain(anchor);
      }
    }
  });

  test('has a page for each file below resources/docs in the index of the README', () => {
    const [readme, ...others] = pages;
    for (const { path } of others) expect(readme?.text).toContain(`](${path})`);
  });
});

/** A page below `resources/docs`. */
function textOf(name: string): string {
  const page = pages.find(({ path }) => path === `resources/docs/${name}`);
  if (!page) throw new Error(`there is no page ${name}`);
  return page.text;
}

/** Names under which GitHub makes headings reachable. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );
}
