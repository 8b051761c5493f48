import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { englishOf, ERROR_TEXTS, filled, phrase } from '../../../src-main/contract/error-texts/error-text.ts';
import { PHRASES } from '../../../src-main/contract/error-texts/phrases.ts';
import { ErrorInfo, userError, userErrorFromInfo } from '../../../src-main/contract/errors.ts';
import { JobState } from '../../../src-main/contract/job-state.ts';
import german from '../../../src-renderer/i18n/errors.de.json';

const root = resolve(import.meta.dirname, '../../../src-main');
const namesIn = (text: string) =>
  [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort();

type Texts = { message: string; hint?: string };
const english: [string, Texts][] = Object.entries(ERROR_TEXTS);
const translated: Partial<Record<string, Texts>> = german.errors;

test('below the hosts, errors come from the catalogue', () => {
  const files = globSync('**/*.ts', { cwd: root }).filter((file) => !file.startsWith('host'));
  const own = files.filter((file) => readFileSync(join(root, file), 'utf8').includes('new UserError('));
  expect(own).toEqual([join('contract', 'errors.ts')]);
  expect(files.length).toBeGreaterThan(300);
});

test.each(english)('%s speaks of no command and no option, in either language', (key, texts) => {
  const all = [texts, translated[key]].flatMap((one) => [one?.message ?? '', one?.hint ?? '']);
  for (const text of all) expect(text).not.toMatch(/\br2o [a-z]|--[a-z]/);
});

test.each(english)('%s says the same in German, with the same values', (key, { message, hint }) => {
  const other = translated[key];
  expect(other?.message).toBeTruthy();
  expect(other?.message).not.toBe(message);
  expect(Boolean(other?.hint)).toBe(hint !== undefined);
  expect(namesIn(`${other?.message} ${other?.hint}`)).toEqual(namesIn(`${message} ${hint}`));
});

test('parts of messages are the same in both languages, and name every state of a job', () => {
  expect(Object.keys(german.phrases).sort()).toEqual(Object.keys(PHRASES).sort());
  for (const [key, text] of Object.entries(german.phrases))
    expect(namesIn(text)).toEqual(namesIn(englishOf(key) ?? ''));
  expect(Object.keys(PHRASES)).toEqual(expect.arrayContaining(JobState.options));
  expect(Object.keys(PHRASES).filter((key) => key in ERROR_TEXTS)).toEqual([]);
});

test('an error says in English what its values are, and keeps them over a boundary', () => {
  const error = userError('job-state', { id: 7, state: phrase('paused'), wanted: phrase('resumed') });
  expect(error.message).toBe('Job 7 is paused, so it cannot be resumed.');
  const crossed = userErrorFromInfo(ErrorInfo.parse(JSON.parse(JSON.stringify(error.toInfo()))));
  expect(crossed.toInfo()).toEqual(error.toInfo());
  const phrases: Partial<Record<string, string>> = german.phrases;
  expect(filled(german.errors['job-state'].message, crossed.text?.values ?? {}, (key) => phrases[key])).toBe(
    'Vorgang 7 ist angehalten und kann deshalb nicht fortgesetzt werden.',
  );
});

test('an error quotes another one as data', () => {
  const inner = userError('weights-damaged', { file: 'a.onnx', problem: 'it has no end' });
  const outer = userError('model-unusable', { problem: inner.asPhrase() });
  expect(outer.message).toBe('The weights of this model cannot be used: a.onnx: it has no end.');
  expect(outer.text?.values.problem).toMatchObject({ key: 'weights-damaged' });
});
