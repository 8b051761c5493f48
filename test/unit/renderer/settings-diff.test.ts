import { expect, test } from 'vitest';
import { quick } from '../../../src-main/core/train/presets/quick.ts';
import { compareSettings } from '../../../src-renderer/screens/pretrain/settings-diff.ts';

test('two runs are compared setting by setting, what differs first', () => {
  const config = quick.configure({ imageCount: 200, fixed: {} });
  const run = { preset: 'quick' as const, device: 'onnx:cpu', imageCount: 200, totalSteps: 300, config };
  const kSchedule = { type: 'piecewise' as const, epochs: [1, 3], values: [6, 3] };
  const other = { ...run, device: 'tfjs:cpu', config: { ...config, batchSize: 4, kSchedule } };
  const pairs = compareSettings(run, other);
  const different = pairs.filter(({ isDifferent }) => isDifferent);
  expect(pairs.slice(0, different.length)).toEqual(different);
  expect(different).toMatchObject([
    { name: 'device', mine: 'onnx:cpu', other: 'tfjs:cpu' },
    { name: 'batchSize', mine: String(config.batchSize), other: '4' },
    { name: 'kSchedule', other: 'piecewise: 1, 3 → 6, 3' },
  ]);
  expect(pairs.map(({ name }) => name)).toEqual(
    expect.arrayContaining([...Object.keys(config), 'imageCount']),
  );
  expect(compareSettings(run, run).some(({ isDifferent }) => isDifferent)).toBe(false);
});
