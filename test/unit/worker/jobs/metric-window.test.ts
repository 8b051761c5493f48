import { expect, test } from 'vitest';
import { MetricWindow } from '../../../../src-main/worker/jobs/metric-window.ts';

test('a window of one step passes every value on', () => {
  const window = new MetricWindow(1);
  expect(window.add(4, { loss: 2 })).toEqual([{ name: 'loss', step: 4, value: 2 }]);
});

test('longer windows give means at their last step; steps without a value do not count', () => {
  const window = new MetricWindow(3);
  expect(window.add(0, { loss: 1, waitMs: 6 })).toEqual([]);
  expect(window.add(1, { waitMs: 0 })).toEqual([]);
  expect(window.add(2, { loss: 3, waitMs: 3 })).toEqual([
    { name: 'loss', step: 2, value: 2 },
    { name: 'waitMs', step: 2, value: 3 },
  ]);
  expect(window.add(3, { loss: 9 })).toEqual([]);
});
