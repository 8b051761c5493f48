import { expect, test } from 'vitest';
import { ImportReport } from '../../../../src-main/worker/imports/import-report.ts';

test('names and reasons of any length are shortened to what a person reads', () => {
  const report = new ImportReport();
  report.problem(`a.json: shapes[0] '${'x'.repeat(1_000_000)}'`, `${'reason '.repeat(500)}end.`);
  report.note(`a.json: '${'\u{1f600}'.repeat(500)}'`, 'short');
  report.note(`a.json: '${'\u{1f600}'.repeat(500)}'`, 'short');
  const { problems, notes, noteCount } = report.findings;
  expect(problems[0]?.name).toMatch(/^a\.json: shapes\[0\] 'x+…x+'$/);
  expect(problems[0]?.name.length).toBeLessThanOrEqual(200);
  expect(problems[0]?.detail).toMatch(/^reason .*….* end\.$/);
  expect(problems[0]?.detail.length).toBeLessThanOrEqual(600);
  expect([notes.length, noteCount]).toEqual([1, 1]);
  expect(notes[0]?.name.isWellFormed()).toBe(true);
  report.problem('b.json', 'It is empty.');
  expect(problems[1]).toEqual({ name: 'b.json', detail: 'It is empty.' });
});
