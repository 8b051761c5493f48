import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeLabels } from '../../../../src-main/core/mask/encode-labels.ts';
import { encodeRle } from '../../../../src-main/core/mask/rle.ts';

test('each label of a map is encoded as if it were a mask of its own', () => {
  const maps = fc
    .record({ widthPx: fc.integer({ min: 1, max: 9 }), heightPx: fc.integer({ min: 1, max: 9 }) })
    .chain(({ widthPx, heightPx }) =>
      fc.record({
        widthPx: fc.constant(widthPx),
        heightPx: fc.constant(heightPx),
        labels: fc.array(fc.integer({ min: 0, max: 3 }), {
          minLength: widthPx * heightPx,
          maxLength: widthPx * heightPx,
        }),
      }),
    );
  fc.assert(
    fc.property(maps, ({ labels, ...grid }) => {
      const masks = encodeLabels(Int32Array.from(labels), grid);
      for (const label of [1, 2, 3]) {
        const data = Uint8Array.from(labels, (one) => Number(one === label));
        expect(masks.get(label) ?? null).toEqual(encodeRle({ data, ...grid }));
      }
      expect(masks.has(0)).toBe(false);
    }),
  );
});
