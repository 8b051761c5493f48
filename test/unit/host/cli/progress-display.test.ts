import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ProgressDisplay, type ShownProgress } from '../../../../src-main/host/cli/progress-display.ts';

/** What is printed for one report where there is no terminal. */
function printed(report: Pick<ShownProgress, 'done' | 'total'>): string {
  // A stream without a terminal, which has no more than what every stream has.
  const stream = new PassThrough({ encoding: 'utf8' }) as unknown as NodeJS.WriteStream & PassThrough;
  const progress = { phase: 'reading-images', unit: 'images', ratePerS: null, etaMs: null, ...report };
  new ProgressDisplay(stream).update({ progress });
  return String(stream.read());
}

test.each([
  [{ done: 0, total: 4 }, 'reading images  [........................] 0/4 images\n'],
  [{ done: 1, total: 4 }, 'reading images  [######..................] 1/4 images\n'],
  [{ done: 0, total: 0 }, 'reading images  [########################] 0/0 images\n'],
  // A count that was wrong is shown as it is; nothing fails because of it.
  [{ done: 5, total: 4 }, 'reading images  [########################] 5/4 images\n'],
  [{ done: 3, total: null }, 'reading images  3 images\n'],
])('the progress %j is one line', (report, line) => {
  expect(printed(report)).toBe(line);
});
