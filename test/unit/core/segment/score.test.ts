import { describe, expect, test } from 'vitest';
import { stabilityOf, type Foreground } from '../../../../src-main/core/segment/foreground.ts';
import { scoreSceneObjects, surenessOf } from '../../../../src-main/core/segment/score.ts';

const logit = (share: number) => Math.log(share / (1 - share));

type Drawn = { areas: number[]; border?: number[]; outlineCosts?: number[] };

/** Superpixels in a row. */
function chain({ areas, border, outlineCosts }: Drawn) {
  const edges = areas.length - 1;
  return {
    graph: {
      areas: Float32Array.from(areas),
      borderLengths: Float32Array.from(border ?? areas.map(() => 0)),
      lab: new Float32Array(areas.length * 3),
      labSpread: new Float32Array(areas.length * 3),
      edges: {
        from: Uint16Array.from({ length: edges }, (_, s) => s),
        to: Uint16Array.from({ length: edges }, (_, s) => s + 1),
        lengths: new Float32Array(edges).fill(1),
      },
    },
    outlineCosts: Float32Array.from(outlineCosts ?? new Array<number>(edges).fill(0)),
  };
}

describe('how sure the reference is of an object', () => {
  const { graph, outlineCosts } = chain({ areas: [10, 30, 40, 20] });
  const foreground: Foreground = {
    selected: Uint8Array.of(1, 1, 0, 0),
    logits: new Float32Array(4),
    referenceLogits: Float32Array.from([0.9, 0.7, 0.1, 0.4], logit),
    hasPrior: true,
    outlineCosts,
  };

  test('is how sure its superpixels are, and the background around is', () => {
    // Of the background 40 pixels at 0.1 and 20 at 0.4.
    const background = 1 - (40 * 0.1 + 20 * 0.4) / 60;
    expect(surenessOf(graph, foreground, [0])).toBeCloseTo(0.9 * background, 5);
    expect(surenessOf(graph, foreground, [0, 1])).toBeCloseTo(((10 * 0.9 + 30 * 0.7) / 40) * background, 5);
    const everything = { ...foreground, selected: Uint8Array.of(1, 1, 1, 1) };
    expect(surenessOf(graph, everything, [0])).toBeCloseTo(0.9, 5);
  });

  test('is less where the border cuts it off', () => {
    // Two superpixels that differ in nothing else, on the rest of the image.
    const row = chain({ areas: [10, 10, 80], border: [0, 4, 16] });
    const logits = Float32Array.of(3, 3, -3);
    const found = {
      selected: Uint8Array.of(1, 1, 0),
      logits,
      referenceLogits: logits,
      hasPrior: false,
      outlineCosts: row.outlineCosts,
    };
    const [whole, cutOff] = [[0], [1]].map((members) => surenessOf(row.graph, found, members));
    // A fifth of the border's 20 pixel sides is the object's.
    expect(cutOff).toBeCloseTo((whole ?? NaN) * 0.8 ** 0.05, 6);
  });
});

test('a foreground is stable as far as it stays where outlines cost four times as much, or a tenth', () => {
  const found = (outlineCosts: number[]): Foreground => ({
    selected: Uint8Array.of(1, 0, 0),
    logits: Float32Array.of(0.5, -2, -2),
    referenceLogits: new Float32Array(3),
    hasPrior: true,
    outlineCosts: Float32Array.from(outlineCosts),
  });
  const { graph } = chain({ areas: [10, 10, 10] });
  // It is worth 0.5, and its outline costs 0.1, at most 0.4.
  expect(stabilityOf(graph, found([0.1, 0.1]))).toBe(1);
  // Now 0.2, at most 0.8: then nothing is found, a tenth changes nothing.
  expect(stabilityOf(graph, found([0.2, 0.2]))).toBe(0.5);
});

describe('the score of an object', () => {
  const { graph, outlineCosts } = chain({ areas: [10, 30, 40, 20] });
  const foreground: Foreground = {
    selected: Uint8Array.of(1, 1, 0, 0),
    logits: Float32Array.from([0.8, 0.6, 0.2, 0.3], logit),
    referenceLogits: Float32Array.from([0.9, 0.7, 0.1, 0.4], logit),
    hasPrior: true,
    outlineCosts,
  };

  test('weighs how sure reference and cut are, and the overlap that the reference expects', () => {
    const sureness = 0.9 * (1 - (40 * 0.1 + 20 * 0.4) / 60);
    const cutSureness = 0.8 * (1 - (40 * 0.2 + 20 * 0.3) / 60);
    // Nine of its ten pixels, and 12 of the background's.
    const expectedIou = 9 / (10 + 12);
    const [score, ...others] = scoreSceneObjects(graph, foreground, [[0]]);
    expect(score).toBeCloseTo(sureness ** 0.3 * cutSureness ** 0.3 * expectedIou ** 0.15, 5);
    expect(others).toEqual([]);
  });

  test('is lower where the foreground would change if outlines cost more', () => {
    const unstable = { ...foreground, outlineCosts: Float32Array.of(0, 0.2, 0) };
    const before = scoreSceneObjects(graph, foreground, [[0], [1]]);
    const stability = stabilityOf(graph, unstable);
    expect(stability).toBeLessThan(1);
    scoreSceneObjects(graph, unstable, [[0], [1]]).forEach((score, at) =>
      expect(score).toBeCloseTo((before[at] ?? NaN) * stability ** 0.6, 6),
    );
  });

  test('is between nothing and one without any background', () => {
    const everything = {
      ...foreground,
      selected: Uint8Array.of(1, 1, 1, 1),
      logits: foreground.referenceLogits,
    };
    const [score = NaN] = scoreSceneObjects(graph, everything, [[0, 1, 2, 3]]);
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThan(1);
  });
});
