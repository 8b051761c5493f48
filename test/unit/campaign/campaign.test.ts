import { expect, test } from 'vitest';
import { chanceOf, runCampaign, type Campaign } from '../../campaign/campaign.ts';
import { definitionOf, WORKS } from '../../campaign/works.ts';
import { JobSpec } from '../../../src-main/contract/job.ts';

const drawn: number[] = [];
let open = 0;
/** Fails where chance gives a third of its cases. */
const campaign: Campaign = {
  count: 30,
  open: () => {
    open++;
    return Promise.resolve({
      run: ({ whole }) => {
        const number = whole(0, 3);
        drawn.push(number);
        if (number === 2) throw new Error('two is wrong');
        return Promise.resolve(number === 0 ? 'nothing' : 'one');
      },
      findings: () => ({ measured: { drawn: { count: drawn.length } }, problems: ['too many'] }),
      [Symbol.asyncDispose]: () => {
        open--;
        return Promise.resolve();
      },
    });
  },
};

test('counts what was tried, and names the seed of each failure, with which it fails again', async () => {
  const report = await runCampaign('test', campaign, { seed: 7, count: 30 });
  const numbers = drawn.splice(0);
  expect(new Set(numbers).size).toBe(3);
  expect(report.counts).toEqual({
    nothing: numbers.filter((number) => number === 0).length,
    one: numbers.filter((number) => number === 1).length,
  });
  expect(report.failures).toEqual(
    numbers.flatMap((number, at) => (number === 2 ? [{ seed: 7 + at, problem: 'two is wrong' }] : [])),
  );
  const [first] = report.failures;
  const again = await runCampaign('test', campaign, { seed: first?.seed ?? 0, count: 1 });
  expect(again.failures).toEqual([first]);
  expect(open).toBe(0);
});

test('reports what all cases show together, and ends when its time is over', async () => {
  drawn.length = 0;
  const report = await runCampaign('test', campaign, { seed: 7, count: 5 });
  expect(report).toMatchObject({ count: 5, measured: { drawn: { count: 5 } }, problems: ['too many'] });
  const none = await runCampaign('test', campaign, { seed: 7, count: 5, minutes: 0 });
  expect(none).toMatchObject({ count: 0, counts: {}, failures: [] });
});

test('cases of neighbouring seeds and of other campaigns differ', () => {
  const draws = [chanceOf('kills', 1), chanceOf('kills', 2), chanceOf('disk', 1)].map(({ draw }) => draw());
  expect(new Set(draws).size).toBe(3);
  expect(chanceOf('kills', 1).draw()).toBe(draws[0]);
});

test('campaigns that disturb work do so to every kind of job', () => {
  const kinds = JobSpec.options.map(({ shape }) => shape.kind.value);
  const disturbed = new Set(WORKS.flatMap((work) => definitionOf(work).job?.kind ?? []));
  expect([...disturbed].toSorted()).toEqual(kinds.toSorted());
});
