import { describe, expect, test } from 'vitest';
import type { Brightness } from '../../../../src-main/contract/brightness.ts';
import type { Collection } from '../../../../src-main/contract/collection.ts';
import { CollectionId } from '../../../../src-main/contract/ids.ts';
import { brightnessLines, brightnessSetting } from '../../../../src-main/host/cli/commands/brightness-argument.ts'; // prettier-ignore

describe('a brightness range on the command line', () => {
  test.each([
    ['automatic', { kind: 'automatic' }],
    ['full', { kind: 'full' }],
    ['64-1664', { kind: 'range', range: { from: 64, to: 1_664 } }],
    ['-300--20', { kind: 'range', range: { from: -300, to: -20 } }],
    ['0.25-4.5e2', { kind: 'range', range: { from: 0.25, to: 450 } }],
  ])('%s is read', (text, setting) => {
    expect(brightnessSetting(text)).toEqual(setting);
  });

  test.each(['', 'auto', '5', '5-', '5-5', '9-5', '1-2-3', 'a-b'])(
    '%j is refused with an example',
    (text) => {
      expect(() => brightnessSetting(text)).toThrow('is not automatic, full or FROM-TO with FROM below TO, such as 64-1664.'); // prettier-ignore
    },
  );

  test('is shown where there is one', () => {
    const linesOf = (brightness: Brightness) => {
      const collection: Pick<Collection, 'id' | 'brightness'> = { id: CollectionId.parse(3), brightness };
      return brightnessLines(collection);
    };
    expect(linesOf({ setting: { kind: 'automatic' }, measured: {} })).toEqual([]);
    expect(linesOf({ setting: { kind: 'automatic' }, measured: { 'tiff float32': { from: 0.254901, to: 1 } } })).toEqual(['brightness range of tiff float32: 0.2549 to 1 (measured)']); // prettier-ignore
    expect(linesOf({ setting: { kind: 'full' }, measured: {} })).toEqual(['brightness range: full (images with more than 8 bits per sample)', 'If they look too dark, measure a range: r2o collections brightness 3 automatic']); // prettier-ignore
    expect(linesOf({ setting: { kind: 'range', range: { from: 1, to: 2 } }, measured: {} })).toEqual(['brightness range: 1 to 2 (images with more than 8 bits per sample)']); // prettier-ignore
  });
});
