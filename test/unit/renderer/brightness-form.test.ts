import { describe, expect, test } from 'vitest';
import type { Brightness } from '../../../src-main/contract/brightness.ts';
import { BrightnessForm, shownRanges } from '../../../src-renderer/screens/library/brightness-form.svelte.ts';

const automatic = (measured: Brightness['measured']): Brightness => ({
  setting: { kind: 'automatic' },
  measured,
});
const MEASURED = { 'tiff uint16': { from: 64, to: 104 }, 'tiff float32': { from: 0.123456, to: 0.5 } };

describe('the brightness range of a collection', () => {
  test('is shown as it was measured, set, or not at all', () => {
    expect(shownRanges(automatic({}))).toBe('');
    expect(shownRanges(automatic(MEASURED))).toBe('tiff uint16 64 to 104, tiff float32 0.1235 to 0.5');
    expect(shownRanges({ setting: { kind: 'full' }, measured: {} })).toBe('Full range');
    const range = { from: -5, to: 5 };
    expect(shownRanges({ setting: { kind: 'range', range }, measured: {} })).toBe('-5 to 5');
  });

  test('is changed from what was measured', () => {
    const form = new BrightnessForm(automatic(MEASURED));
    expect(form.setting).toEqual({ kind: 'automatic' });
    form.kind = 'range';
    expect(form.setting).toEqual({ kind: 'range', range: { from: 64, to: 104 } });
    form.to = 64;
    expect(form.setting).toBeUndefined();
    form.kind = 'full';
    expect(form.setting).toEqual({ kind: 'full' });
  });

  test('starts from the range that was set', () => {
    const form = new BrightnessForm({ setting: { kind: 'range', range: { from: 1, to: 9 } }, measured: {} });
    expect([form.kind, form.from, form.to]).toEqual(['range', 1, 9]);
  });
});
