import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawsFor } from '../../../../src-main/core/tensor/random.ts';
import { connectSuperpixels } from '../../../../src-main/core/superpixel/slic-connectivity.ts';
import { slic } from '../../../../src-main/core/superpixel/slic.ts';

/** Blocks of colour with noise on top: pieces of many sizes. */
function blocks(seed: number, { widthPx, heightPx }: { widthPx: number; heightPx: number }) {
  const draw = drawsFor({ seed, step: 0, stream: 'blocks' });
  const colours = Array.from({ length: 64 }, () => draw() * 255);
  const data = Uint8Array.from({ length: widthPx * heightPx * 3 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    const block = Math.floor((pixel % widthPx) / 9) * 5 + Math.floor(pixel / widthPx / 7) * 3;
    return (colours[(block + (at % 3) * 11) % 64] ?? 0) * 0.8 + draw() * 50;
  });
  return { data, widthPx, heightPx };
}

/** Number of 4-connected pieces of each label. */
function piecesOf(labels: ArrayLike<number>, widthPx: number): Map<number, number> {
  const seen = new Uint8Array(labels.length);
  const pieces = new Map<number, number>();
  for (let start = 0; start < labels.length; start++) {
    if (seen[start] === 1) continue;
    const label = labels[start] ?? -1;
    pieces.set(label, (pieces.get(label) ?? 0) + 1);
    const stack = [start];
    seen[start] = 1;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % widthPx;
      for (const next of [x > 0 ? at - 1 : -1, x < widthPx - 1 ? at + 1 : -1, at - widthPx, at + widthPx]) {
        if (labels[next] !== label || seen[next] === 1) continue;
        seen[next] = 1;
        stack.push(next);
      }
    }
  }
  return pieces;
}

describe('superpixels', () => {
  it('partition any image: each label from 0 is in use, and each but the first is one piece', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000 }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 70 }),
        (seed, widthPx, heightPx) => {
          const { labels, count } = slic(blocks(seed, { widthPx, heightPx }), { segments: 20 });
          const pieces = piecesOf(labels, widthPx);
          expect([...pieces.keys()].sort((a, b) => a - b)).toEqual(
            Array.from({ length: count }, (_, i) => i),
          );
          for (const [label, number] of pieces) if (label > 0) expect(number).toBe(1);
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  it('are the seed cells of an image of one colour', () => {
    const { labels, count } = slic(
      { data: new Uint8Array(40 * 40 * 3).fill(90), widthPx: 40, heightPx: 40 },
      { segments: 16 },
    );
    expect(count).toBe(16);
    // Seeds at 5, 15, 25, 35: the pixel half-way between two goes to the first.
    expect([...labels.subarray(0, 40)].map(String).join('')).toBe(
      '0'.repeat(11) + '1'.repeat(10) + '2'.repeat(10) + '3'.repeat(9),
    );
  });

  it('follow an edge that lies off the grid', () => {
    const data = Uint8Array.from({ length: 40 * 40 * 3 }, (_, at) =>
      Math.floor(at / 3) % 40 < 17 ? 20 : 230,
    );
    const { labels } = slic({ data, widthPx: 40, heightPx: 40 }, { segments: 16 });
    const left = new Set(labels.filter((_, at) => at % 40 < 17));
    const right = new Set(labels.filter((_, at) => at % 40 >= 17));
    expect(left.intersection(right).size).toBe(0);
  });
});

describe('connectivity', () => {
  const grid = { widthPx: 4, heightPx: 3 };

  it('gives a small piece to the superpixel seen last beside it', () => {
    // prettier-ignore
    const clusters = [
      0, 0, 1, 1,
      0, 2, 1, 1,
      0, 0, 1, 1,
    ];
    const { labels, count } = connectSuperpixels(clusters, grid, { minPx: 2, maxPx: 99 });
    expect(count).toBe(2);
    // Neighbours are looked at right, left, below, above: cluster 2 sees label 0 last.
    expect([...labels]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1]);
  });

  it('cuts a piece that grows too large', () => {
    const { labels, count } = connectSuperpixels(new Uint8Array(12), grid, { minPx: 1, maxPx: 6 });
    expect(count).toBe(2);
    expect([...labels].filter((label) => label === 0)).toHaveLength(6);
  });
});
