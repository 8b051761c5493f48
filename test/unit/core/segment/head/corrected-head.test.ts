import { describe, expect, test } from 'vitest';
import {
  learnFromCorrections,
  type Correction,
} from '../../../../../src-main/core/segment/head/corrected-head.ts';
import { correctionOf } from '../../../../../src-main/core/segment/head/correction-of.ts';
import {
  headLogits,
  type ForegroundHead,
} from '../../../../../src-main/core/segment/head/foreground-head.ts';
import { HEAD_WEIGHTS } from '../../../../../src-main/core/segment/head/reliability.ts';
import { encodeRle } from '../../../../../src-main/core/mask/rle.ts';
import { floatsToHalves } from '../../../../../src-main/core/tensor/halves.ts';
import { RandomStream } from '../../../../../src-main/core/tensor/random.ts';

const DIM = 4;
const ROWS = 30;

/**
 * Corrected images of which three tenths of the superpixels, with the first feature high, is right; those with the second high
 * are what the present head finds.
 */
function corrections(count: number, { seed = 3 } = {}): Correction[] {
  const random = new RandomStream(seed);
  return Array.from({ length: count }, () => {
    const kinds = Array.from({ length: ROWS }, () => random.uniform());
    const features = new Float32Array(ROWS * DIM);
    kinds.forEach((kind, row) => {
      for (let d = 0; d < DIM; d++) features[row * DIM + d] = random.normal() / 4;
      if (kind < 0.3) features[row * DIM] = 3;
      else if (kind < 0.6) features[row * DIM + 1] = 3;
    });
    const areas = new Float32Array(ROWS).fill(100);
    return {
      features: floatsToHalves(features),
      dim: DIM,
      targets: Uint8Array.from(kinds, (kind) => Number(kind < 0.3)),
      areas,
      isSettled: true,
      graph: {
        areas,
        lab: Float32Array.from({ length: ROWS * 3 }, () => 40 + random.normal()),
        labSpread: new Float32Array(ROWS * 3).fill(2),
        edges: {
          from: Uint16Array.from({ length: ROWS - 1 }, (_, s) => s),
          to: Uint16Array.from({ length: ROWS - 1 }, (_, s) => s + 1),
          lengths: new Float32Array(ROWS - 1).fill(1),
        },
      },
      cues: {
        saliency: new Float32Array(ROWS).fill(0.5),
        nearness: new Float32Array(ROWS).fill(0.45),
        borders: new Float32Array(ROWS - 1).fill(0.01),
      },
    };
  });
}

const OTHER: ForegroundHead = { weights: Float32Array.of(0, 3, 0, 0), bias: -4 };
const present = { head: OTHER, weights: HEAD_WEIGHTS };

describe('a head from corrections', () => {
  test('replaces one that finds something else', async () => {
    const { check, model } = await learnFromCorrections(present, corrections(12), { seed: 1 });
    expect(check).toMatchObject({ outcome: 'better', images: 12 });
    expect(check.before).toBeLessThan(0.3);
    expect(check.after).toBeGreaterThan(0.75);
    const [fresh] = corrections(1, { seed: 9 });
    const logits = model?.head && fresh ? [...headLogits(model.head, fresh)] : [];
    expect(logits.map((logit) => Number(logit > 0))).toEqual([...(fresh?.targets ?? [])]);
  });

  test('is the same for the same corrections', async () => {
    const learn = () => learnFromCorrections(present, corrections(6), { seed: 1 });
    expect(await learn()).toEqual(await learn());
  });

  test('is learned where none has been found before', async () => {
    const plain = { head: null, weights: HEAD_WEIGHTS };
    expect(await learnFromCorrections(plain, corrections(8), { seed: 1 })).toMatchObject({
      check: { outcome: 'better' },
    });
  });

  test('is refused where it predicts other corrections no better', async () => {
    const right = { head: { weights: Float32Array.of(3, 0, 0, 0), bias: -4 }, weights: HEAD_WEIGHTS };
    expect(await learnFromCorrections(right, corrections(12), { seed: 1 })).toMatchObject({
      check: { outcome: 'no-better' },
      model: null,
    });
  });

  test('needs five images of which everything is known', async () => {
    const partly = corrections(8).map((one, at) => ({ ...one, isSettled: at < 4 }));
    expect(await learnFromCorrections(present, partly, { seed: 1 })).toEqual({
      check: { outcome: 'too-few', images: 4, before: null, after: null },
      model: null,
    });
  });
});

describe('a correction', () => {
  const SIDE = 8;
  /** Four superpixels, one in each quarter. */
  const labels = Uint16Array.from(
    { length: SIDE * SIDE },
    (_, at) => 2 * Math.floor(at / SIDE / 4) + Math.floor((at % SIDE) / 4),
  );
  const working = { data: new Uint8Array(SIDE * SIDE * 3).fill(90), widthPx: SIDE, heightPx: SIDE };
  const image = {
    pixels: { fine: working, working },
    embedding: {
      map: { labels, count: 4, widthPx: SIDE, heightPx: SIDE },
      features: new Float32Array(8),
      dim: 2,
      kinds: { from: 0, to: 2 },
      saliency: new Float32Array(4),
    },
  };
  /** A mask of one quarter. */
  const quarter = (label: number) => {
    const data = Uint8Array.from(labels, (one) => Number(one === label));
    return encodeRle({ data, widthPx: SIDE, heightPx: SIDE })?.shape ?? expect.fail('empty');
  };
  const known = (correction: Correction) => [...correction.areas].map((px) => Number(px > 0));

  test('knows everything of an image whose objects are all settled', () => {
    const correction = correctionOf(image, [
      { review: 'edited', shape: quarter(1) },
      { review: 'rejected', shape: quarter(2) },
    ]);
    expect([...correction.targets]).toEqual([0, 1, 0, 0]);
    expect(known(correction)).toEqual([1, 1, 1, 1]);
    expect(correction.isSettled).toBe(true);
  });

  test('knows only what was decided while an object waits, or where all were rejected', () => {
    const waiting = correctionOf(image, [
      { review: 'accepted', shape: quarter(0) },
      { review: 'pending', shape: quarter(1) },
      { review: 'rejected', shape: quarter(3) },
    ]);
    expect([[...waiting.targets], known(waiting), waiting.isSettled]).toEqual([
      [1, 0, 0, 0],
      [1, 0, 0, 1],
      false,
    ]);
    const rejected = correctionOf(image, [{ review: 'rejected', shape: quarter(3) }]);
    expect([known(rejected), rejected.isSettled]).toEqual([[0, 0, 0, 1], false]);
  });

  test('is foreground where something accepted covers what was rejected', () => {
    const correction = correctionOf(image, [
      { review: 'rejected', shape: quarter(1) },
      { review: 'accepted', shape: quarter(1) },
    ]);
    expect([...correction.targets]).toEqual([0, 1, 0, 0]);
  });
});
