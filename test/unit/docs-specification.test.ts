import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesBelow, proseIn } from '../support/prose.ts';

const root = resolve(import.meta.dirname, '../..');
const SPECIFICATION = 'resources/docs/method-specification.md';
const FIXTURES = 'test/golden/fixtures';

const STEP = String.raw`(?:\d+[a-e]?|[a-e])`;
const CITATION = new RegExp(
  [
    String.raw`\bSPEC (?:sections (?<from>\d+) (?:to|and) (?<to>\d+)`,
    String.raw`section (?<section>\d+)(?:, steps? (?<steps>${STEP}(?:(?:, | to | and )${STEP})*))?(?:, and section (?<other>\d+))?`,
    String.raw`(?<questions>Q\d+(?:(?:, | and )Q\d+)*))\b(?!, \d)`,
  ].join('|'),
  'g',
);

const prose = proseIn('src-main', 'src-renderer', 'test', 'resources', 'README.md', 'CHANGELOG.md');
/** The same without what is cited properly. */
const uncited = prose.map(({ path, text }) => ({ path, text: text.replace(CITATION, '') }));
const specification = readFileSync(resolve(root, SPECIFICATION), 'utf8');
const places = placesOf(specification);

describe('the specification of the method', () => {
  test('has every section, step and question that comments and pages cite', () => {
    const cited = prose.flatMap(({ path, text }) =>
      [...text.matchAll(CITATION)].flatMap(({ 0: citation, groups }) =>
        placesCited(groups).map((place) => ({ path, citation, place })),
      ),
    );
    expect(cited.length).toBeGreaterThan(100);
    expect(cited.filter(({ place }) => !places.has(place))).toEqual([]);
  });

  test('is cited by section, step or question, never by its name alone', () => {
    // "as SPEC" introduces the name.
    expect(found(/.{0,40}(?<!\bas )\bSPEC\b.{0,20}/g)).toEqual([]);
  });

  test('is named wherever one of its questions is', () => {
    expect(found(/.{0,40}\bQ\d+\b/g).filter(({ path }) => path !== SPECIFICATION)).toEqual([]);
  });

  test('has the sections and questions that it refers to itself', () => {
    const named = [...specification.matchAll(/\bsection (\d+)|\b(Q\d+)/g)].map(
      (match) => match[1] ?? match[2],
    );
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((place = '') => !places.has(place))).toEqual([]);
  });
});

describe('the golden numbers', () => {
  test('have every file and heading that comments and pages name', () => {
    const fixtures = filesBelow(FIXTURES);
    const names = prose.flatMap(({ path, text }) =>
      [...text.matchAll(/test\/golden\/fixtures\/(\w[\w./*-]*[\w*])(?:, "([^"]+)")?/g)].map(
        ([, file = '', heading]) => ({ path, file: `${FIXTURES}/${file}`, heading }),
      ),
    );
    expect(names.length).toBeGreaterThan(10);
    for (const { path, file, heading } of names) {
      const beginning = file.replace(/\*$/, '');
      expect(
        fixtures.some((fixture) => fixture.startsWith(beginning)),
        `${file} in ${path}`,
      ).toBe(true);
      if (heading) expect(readFileSync(resolve(root, file), 'utf8'), path).toContain(`\n## ${heading}\n`);
    }
  });
});

function found(pattern: RegExp): { path: string; excerpt: string }[] {
  return uncited.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map(([excerpt]) => ({ path, excerpt })),
  );
}

/** Where a specification can be cited: `4` for a section, `4.3`, `1.3c` and `6.a` for steps, and the number of a question with its Q. */
function placesOf(markdown: string): ReadonlySet<string> {
  const all = new Set<string>();
  let section = '';
  let step = '';
  for (const line of markdown.split('\n')) {
    const [, heading, number, letter, question] =
      /^(?:## (\d+)\. |(\d+)\. | *- ([a-e])\. |\| (Q\d+) \| )/.exec(line) ?? [];
    if (heading) [section, step] = [heading, ''];
    if (number) step = number;
    if (heading) all.add(section);
    if (number) all.add(`${section}.${step}`);
    if (letter) all.add(`${section}.${step}${letter}`);
    if (question) all.add(question);
  }
  return all;
}

/** The places that a citation names; of a range, all of it. */
function placesCited(groups: Record<string, string | undefined> = {}): string[] {
  const { from, to, section, steps, other, questions } = groups;
  if (from && to) return range(from, to);
  if (questions) return questions.split(/, | and /);
  const cited = [section, other].filter((place) => place !== undefined);
  if (section && steps) cited.push(...stepsIn(steps).map((step) => `${section}.${step}`));
  return cited;
}

function stepsIn(steps: string): string[] {
  return steps.split(/, | and /).flatMap((part) => {
    const [first = '', last] = part.split(' to ');
    return last ? range(first, last) : [first];
  });
}

function range(first: string, last: string): string[] {
  const length = Number(last) - Number(first) + 1;
  return Array.from({ length }, (_, at) => String(Number(first) + at));
}
