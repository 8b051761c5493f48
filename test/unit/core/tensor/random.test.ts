import { describe, expect, it } from 'vitest';
import { drawsFor, fnv1a32, u32At } from '../../../../src-main/core/tensor/random.ts';

const take = (count: number, draw: () => number) => Array.from({ length: count }, () => draw());
const key = { seed: 1, step: 2, stream: 'views', index: 3 };

describe('random numbers', () => {
  it('hash names as FNV-1a does', () => {
    expect(fnv1a32('')).toBe(0x811c9dc5);
    expect(fnv1a32('a')).toBe(0xe40c292c);
  });

  it('are integers below 2^32, read by position', () => {
    expect(u32At(5, 0)).toBe(u32At(5, 0));
    expect(u32At(5, 1)).not.toBe(u32At(5, 0));
    expect(u32At(-7, 3)).toBeGreaterThanOrEqual(0);
  });

  it('are the same for the same key', () => {
    expect(take(5, drawsFor(key))).toEqual(take(5, drawsFor(key)));
  });

  it.each([{ seed: 2 }, { step: 3 }, { stream: 'kmeans' }, { index: 4 }])('are others for %o', (change) => {
    expect(take(5, drawsFor({ ...key, ...change }))).not.toEqual(take(5, drawsFor(key)));
  });

  it('fill [0, 1) evenly', () => {
    const draws = take(20_000, drawsFor(key));
    const tenths = new Array<number>(10).fill(0);
    for (const draw of draws) tenths[Math.floor(draw * 10)] = (tenths[Math.floor(draw * 10)] ?? 0) + 1;
    // 2,000 each, give or take 42 (one standard deviation).
    expect(tenths).toHaveLength(10);
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });
});
