import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../src-main/contract/error-texts/error-code.ts';
import { JobPhase, JobUnit } from '../../../src-main/contract/job.ts';
import { ShownState } from '../../../src-main/contract/shown-state.ts';
import de from '../../../src-renderer/i18n/de.json';
import en from '../../../src-renderer/i18n/en.json';
import { preferred } from '../../../src-renderer/i18n/language.svelte.ts';

const renderer = resolve(import.meta.dirname, '../../../src-renderer');

type Texts = { [key: string]: string | Texts };

function flatten(texts: Texts, prefix = ''): Map<string, string> {
  const entries = Object.entries(texts).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[prefix + key, value]] : [...flatten(value, `${prefix}${key}.`)],
  );
  return new Map(entries);
}

const valuesOf = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

/** Attributes that are read to a person. */
const TOLD = ['label', 'title', 'text', 'aria-label', 'placeholder', 'alt', 'action', 'description'];
/** Names, units, and examples of paths. */
const SAME_EVERYWHERE =
  /^(R2O Studio|Gokul et al\..*|SHA-256|px ·|online_encoder\.net\.|\/.*|http:\/\/127\.0\.0\.1:.*)$/;

/** The words that stand in the markup below a node of a component's syntax tree. */
function wordsIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(wordsIn);
  if (typeof node !== 'object' || node === null) return [];
  if ('type' in node && node.type === 'Text' && 'data' in node) return [String(node.data).trim()];
  const isAttribute = 'type' in node && ['Attribute', 'StyleDirective'].includes(String(node.type));
  if (isAttribute && !('name' in node && TOLD.includes(String(node.name)))) return [];
  return Object.values(node).flatMap(wordsIn);
}

describe('the texts of the page', () => {
  const english = flatten(en);
  const german = flatten(de);

  test('name the phases, units and states of jobs, and no others', () => {
    const namesOf = (texts: object) => Object.keys(texts).sort();
    expect(namesOf(en.jobs.phase)).toEqual([...JobPhase.options].sort());
    expect(namesOf(en.jobs.unit)).toEqual([...JobUnit.options].sort());
    expect(namesOf(en.jobs.state)).toEqual([...ShownState.options].sort());
  });

  test('are all there in both languages', () => {
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
  });

  test.each([...english])('%s has the same values in both languages', (key, text) => {
    expect(valuesOf(german.get(key) ?? '')).toEqual(valuesOf(text));
    expect(german.get(key)?.trim()).not.toBe('');
  });

  test('have titles for kinds of errors that exist; one without a title is told as an internal error', () => {
    for (const code of Object.keys(en.error.code)) expect(ErrorCode.options, code).toContain(code);
    expect(english.has('error.code.INTERNAL')).toBe(true);
  });

  test('are all that components say', () => {
    const files = readdirSync(renderer, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.svelte'),
    );
    const words = files.flatMap((file) => {
      const { fragment } = parse(readFileSync(join(renderer, file), 'utf8'), { modern: true });
      return wordsIn(fragment)
        .filter((text) => /[a-z]{2}/i.test(text) && !SAME_EVERYWHERE.test(text))
        .map((text) => `${file}: ${text}`);
    });
    expect(words).toEqual([]);
  });

  test('are all used', () => {
    const sources = readdirSync(renderer, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(svelte|ts)$/.test(file))
      .map((file) => readFileSync(join(renderer, file), 'utf8'))
      .join('\n');
    // Keys made from data are used by their beginning: `jobs.state.${job.state}`.
    const isUsed = (key: string) =>
      sources.includes(`'${key}'`) || sources.includes(`\`${key.slice(0, key.lastIndexOf('.') + 1)}\${`);
    const unused = [...english.keys()]
      .map((key) => key.replace(/_(one|other)$/, ''))
      .filter((key) => !isUsed(key));
    expect(unused).toEqual([]);
  });
});

describe('the language of the system', () => {
  test.each([
    [['de-AT', 'en'], 'de'],
    [['fr', 'en-GB', 'de'], 'en'],
    [['fr'], 'en'],
    [[], 'en'],
  ])('%j is taken as %s', (asked, language) => {
    expect(preferred(asked)).toBe(language);
  });
});
