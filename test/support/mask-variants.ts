import fc from 'fast-check';
import { expect } from 'vitest';
import type { MaskRecord } from '../../src-main/core/mask-files/mask-record.ts';

/** The image that variants of mask files are about. */
export const GRID = { widthPx: 40, heightPx: 30 };
export const gridOf = () => GRID;

const RUNS = 100;
/** The same variants in each run. */
const SEED = 19;

/** Numbers as tools write them, and as they should not. */
export const oddNumber = fc.oneof(
  { weight: 12, arbitrary: fc.double({ min: -5, max: 45, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 'NaN', '7', 1e12, true, {}, []) },
);
/** The corners of a square, as a flat list. */
export const square = fc
  .tuple(fc.nat(20), fc.nat(15), fc.integer({ min: 2, max: 15 }))
  .map(([x, y, side]) => [x, y, x + side, y, x + side, y + side, x, y + side]);
/** What has nothing to do where it stands. */
export const anything = fc.constantFrom<unknown>(null, 5, 'text', true, [], {}, [[]], [null]);

const NO_ENTRY = /: images\[\d+\]$/;

/** Entries that became masks, and those that are named. */
function accountOf(records: readonly MaskRecord[]): { masks: number; named: number } {
  let [masks, named] = [0, 0];
  for (const record of records) {
    if (record.kind === 'masks') masks += record.masks.reduce((sum, { entries = 1 }) => sum + entries, 0);
    else if (record.kind === 'problem' && !NO_ENTRY.test(record.name)) named++;
  }
  return { masks, named };
}

type Reading = { records: MaskRecord[]; entries: number };

/**
 * Expects of a hundred variants that each entry of the file is in a mask or is named.
 * @param read what is read of a variant, and how many entries it has
 */
export async function expectEveryEntry<T>(
  variants: fc.Arbitrary<T>,
  read: (variant: T) => Reading | Promise<Reading>,
): Promise<void> {
  const seen = { masks: 0, named: 0 };
  await fc.assert(
    fc.asyncProperty(variants, async (variant) => {
      const { records, entries } = await read(variant);
      const { masks, named } = accountOf(records);
      expect(masks + named).toBe(entries);
      seen.masks += masks;
      seen.named += named;
    }),
    { numRuns: RUNS, seed: SEED },
  );
  // Neither of the two is rare among the variants.
  expect(Math.min(seen.masks, seen.named)).toBeGreaterThan(RUNS / 2);
}
