import { describe, expect, it } from 'vitest';
import { matchRegions } from '../../../../src-main/core/train/match-regions.ts';
import { previewSteps } from '../../../../src-main/core/train/preview-steps.ts';
import { regionPalette } from '../../../../src-main/core/train/region-palette.ts';

describe('the steps of previews', () => {
  it('begin before the first step, end after the last, and lie closer together at the beginning', () => {
    expect(previewSteps(100, 5)).toEqual([0, 13, 35, 65, 100]);
    expect(previewSteps(100, 1)).toEqual([100]);
    expect(previewSteps(100, 0)).toEqual([]);
  });

  it('are no more than there are steps', () => {
    expect(previewSteps(2, 10)).toEqual([0, 1, 2]);
  });
});

describe('matching regions', () => {
  it('keeps the numbers of the preview before, whatever K-means dealt', () => {
    const before = [Uint8Array.of(0, 0, 1, 1, 2, 2)];
    const now = [Uint8Array.of(2, 2, 0, 0, 1, 1)];
    expect(matchRegions(now, before, 3)).toEqual(before);
  });

  it('gives free numbers to new regions, and stays below the number of regions', () => {
    const before = [Uint8Array.of(5, 5, 1, 1)];
    // Region 5 of six is none of two; region 0 takes over 1, and region 1 what is left.
    expect(matchRegions([Uint8Array.of(1, 1, 0, 0)], before, 2)).toEqual([Uint8Array.of(0, 0, 1, 1)]);
  });

  it('leaves numbers alone when there is nothing to compare with', () => {
    const now = [Uint8Array.of(1, 0)];
    expect(matchRegions(now, [], 2)).toEqual(now);
  });
});

describe('the palette', () => {
  it('gives every region a colour of its own, the same whatever their number', () => {
    const colours = regionPalette(32);
    expect(new Set(colours).size).toBe(32);
    for (const colour of colours) expect(colour).toMatch(/^#[0-9a-f]{6}$/);
    expect(regionPalette(4)).toEqual(colours.slice(0, 4));
  });
});
