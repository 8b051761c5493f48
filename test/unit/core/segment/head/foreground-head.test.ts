import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ContentHash, SegmentationId } from '../../../../../src-main/contract/ids.ts';
import { headLogits, meanOfHeads } from '../../../../../src-main/core/segment/head/foreground-head.ts';
import type { ForegroundExample } from '../../../../../src-main/core/segment/head/foreground-example.ts';
import {
  learnForeground,
  type KnownHead,
} from '../../../../../src-main/core/segment/head/learn-foreground.ts';
import { maskOf } from '../../../../../src-main/core/segment/head/reliability.ts';
import { lessonsOf } from '../../../../../src-main/core/segment/head/lessons.ts';
import { learnHead } from '../../../../../src-main/core/segment/head/learn-head.ts';
import { floatsToHalves } from '../../../../../src-main/core/tensor/halves.ts';
import { RandomStream } from '../../../../../src-main/core/tensor/random.ts';

const DIM = 6;
const ROWS = 40;

type Drawn = {
  wrong?: number;
  isShown?: boolean;
  /** Of what is drawn, and of the images' content. */
  seed?: number;
};

/**
 * Images whose things have the first feature high and the second low, both far from zero; the other features are noise.
 * @param wrong share of superpixels on which an image's own mask is wrong
 */
function images(count: number, { wrong = 0, isShown = true, seed = 7 }: Drawn = {}) {
  const random = new RandomStream(seed);
  return Array.from({ length: count }, (_, at): ForegroundExample & { truth: Uint8Array } => {
    const features = new Float32Array(ROWS * DIM);
    const truth = Uint8Array.from({ length: ROWS }, () => (random.uniform() < 0.3 ? 1 : 0));
    truth.forEach((inside, row) => {
      for (let d = 0; d < DIM; d++) features[row * DIM + d] = 5 + random.normal();
      if (!isShown) return;
      features[row * DIM] = (features[row * DIM] ?? 0) + 3 * inside;
      features[row * DIM + 1] = (features[row * DIM + 1] ?? 0) - 3 * inside;
    });
    const targets = truth.map((inside) => (random.uniform() < wrong ? 1 - inside : inside));
    const contentHash = ContentHash.parse((seed * 1_000 + at).toString(16).padStart(64, '0'));
    const image = { relPath: `${at}.png`, contentHash };
    return {
      image,
      features: floatsToHalves(features),
      dim: DIM,
      targets,
      truth,
      score: 1 - wrong,
      ...chainOf(truth, random),
    };
  });
}

/** Superpixels in a row, which differ a little in colour where the thing begins, and say nothing else of it. */
function chainOf(truth: Uint8Array, random: RandomStream) {
  const areas = new Float32Array(ROWS).fill(100);
  const lab = Float32Array.from({ length: ROWS * 3 }, (_, at) =>
    at % 3 === 0 ? 50 + 3 * (truth[at / 3] ?? 0) + 4 * random.normal() : 0,
  );
  const edges = {
    from: Uint16Array.from({ length: ROWS - 1 }, (_, s) => s),
    to: Uint16Array.from({ length: ROWS - 1 }, (_, s) => s + 1),
    lengths: new Float32Array(ROWS - 1).fill(10),
  };
  return {
    areas,
    graph: { areas, lab, labSpread: new Float32Array(ROWS * 3).fill(2), edges },
    cues: {
      saliency: new Float32Array(ROWS).fill(0.5),
      nearness: new Float32Array(ROWS).fill(0.45),
      borders: new Float32Array(ROWS - 1).fill(0.1),
    },
  };
}

function knownHead(id: number, head: KnownHead['head'], lessons: KnownHead['lessons'] = null): KnownHead {
  const segmentationId = SegmentationId.parse(id);
  const imageCount = lessons?.taught.length ?? 64;
  const things = { axes: new Float32Array(DIM).fill(id), count: 1, minDistance: id };
  return { segmentationId, collection: `collection ${id}`, head, things, taughtBy: [], imageCount, lessons };
}

/** Share of superpixels on which the sign of the head is right. */
function accuracyOf(head: Parameters<typeof headLogits>[0], list: ReturnType<typeof images>): number {
  const hits = list.flatMap((image) =>
    [...headLogits(head, image)].map((logit, s) => logit > 0 === (image.truth[s] === 1)),
  );
  return hits.filter(Boolean).length / hits.length;
}

describe('a head', () => {
  test('learns from masks that are wrong in places what is right', async () => {
    const head = await learnHead(images(32, { wrong: 0.2 }), { steps: 200, seed: 1 });
    expect(accuracyOf(head, images(8))).toBeGreaterThan(0.95);
  });

  test('is the same for the same seed, and another one for another', async () => {
    const learn = (seed: number) => learnHead(images(32, { wrong: 0.2 }), { steps: 20, seed });
    expect(await learn(1)).toEqual(await learn(1));
    expect(await learn(2)).not.toEqual(await learn(1));
  });

  test('weighs superpixels by their area', async () => {
    const [image] = images(1);
    if (!image) throw new Error('one image was asked for');
    // Wrong where superpixels are small: they are as good as absent.
    const areas = Float32Array.from({ length: ROWS }, (_, s) => (s % 2 === 0 ? 1000 : 0.01));
    const targets = image.truth.map((inside, s) => (s % 2 === 0 ? inside : 1 - inside));
    const head = await learnHead([{ ...image, areas, targets }], { steps: 300, seed: 1 });
    expect(accuracyOf(head, [image])).toBeGreaterThan(0.9);
  });

  test('learns from images among which some have no foreground at all', async () => {
    const [first, ...rest] = images(8);
    if (!first) throw new Error('eight images were asked for');
    const empty = { ...first, targets: first.targets.map(() => 0) };
    const head = await learnHead([empty, ...rest], { steps: 400, seed: 1 });
    expect(accuracyOf(head, rest)).toBeGreaterThan(0.9);
  });

  test('is never surer than one in a hundred', () => {
    const logits = headLogits(
      { weights: Float32Array.of(1), bias: 0 },
      { features: Float32Array.of(-1000, 0, 0.5, 1000), dim: 1 },
    );
    expect([...logits]).toEqual([-Math.log(99), 0, 0.5, Math.log(99)].map(Math.fround));
  });

  test('that is the mean of two answers with the mean of their log odds', () => {
    const rows = { features: Float32Array.of(1, 2), dim: 2 };
    const a = { weights: Float32Array.of(1, 0), bias: 1 };
    const b = { weights: Float32Array.of(0, 0.5), bias: 0 };
    const [first = 0, second = 0] = [a, b].map((head) => headLogits(head, rows)[0]);
    expect(headLogits(meanOfHeads(a, b), rows)[0]).toBeCloseTo((first + second) / 2);
  });

  test('learns from several collections evenly, however many images each has', async () => {
    // What the others call a thing is the background here, and they are five times as many.
    const own = images(16);
    const others = [
      images(80, { seed: 8 }).map((image) => ({ ...image, targets: image.targets.map((t) => 1 - t) })),
    ];
    const torn = await learnHead(own, { steps: 200, seed: 1, others });
    const alone = await learnHead(own, { steps: 200, seed: 1 });
    const sureness = (head: typeof torn) => Math.abs(head.weights[0] ?? 0);
    expect(sureness(torn)).toBeLessThan(0.1 * sureness(alone));
    // With none it is what it was before there were any.
    expect(await learnHead(own, { steps: 20, seed: 1, others: [] })).toEqual(
      await learnHead(own, { steps: 20, seed: 1 }),
    );
  });

  test('stops in the middle of learning when its signal says so', async () => {
    const control = new AbortController();
    const seen: number[] = [];
    const onSteps = (done: number) => {
      seen.push(done);
      // As a message does that arrives meanwhile.
      if (done === 10) setImmediate(() => control.abort(new Error('stopped')));
    };
    const options = { steps: 1_000, seed: 1, signal: control.signal, onSteps };
    await expect(learnHead(images(2), options)).rejects.toThrow('stopped');
    expect(seen.length).toBeLessThan(10);
  });
});

/** Learning takes a quiet core some seconds each time. */
describe('the foregrounds of a collection', { timeout: 240_000 }, () => {
  test('are found with a head where it agrees with masks that it has not seen', async () => {
    const { head, weights, note } = await learnForeground(images(40, { wrong: 0.1 }), { seed: 1 });
    expect(head).not.toBeNull();
    expect(note).toMatchObject({ way: 'head', imageCount: 40 });
    expect(note.agreement).toBeGreaterThan(0.6);
    expect(weights.prior).toBeGreaterThan(0);
  });

  test('are found by each image alone where features say nothing', async () => {
    const { head, weights, note } = await learnForeground(images(40, { isShown: false }), { seed: 1 });
    expect(head).toBeNull();
    expect(note).toMatchObject({ way: 'disagreement', imageCount: 40 });
    expect(note.agreement).toBeLessThan(0.45);
    expect(weights.prior).toBe(0);
  });

  test('are found with the head of another collection where they confirm it more than their own, or there are few', async () => {
    const own = images(40, { wrong: 0.15 });
    const good = await learnHead(images(64), { steps: 300, seed: 1 });
    const known = [knownHead(7, good)];
    expect(await learnForeground(own.slice(0, 8), { seed: 1, known })).toMatchObject({
      head: good,
      things: known[0]?.things,
      note: { from: 7 },
    });
    // It has learned the opposite, and is sure of it.
    const opposite = { weights: good.weights.map((weight) => -weight), bias: -good.bias };
    const worse = [knownHead(8, opposite)];
    const { note, head } = await learnForeground(own, { seed: 1, known: worse });
    expect(note.from).toBeNull();
    expect(head).not.toBe(opposite);
    expect(await learnForeground(own.slice(0, 8), { seed: 1, known: worse })).toMatchObject({
      head: null,
      things: null,
      note: { way: 'disagreement', from: 8 },
    });
  });

  describe('of which others have been learned before', () => {
    const own = images(16, { wrong: 0.2 });
    const opposite = { weights: Float32Array.of(-9, 9, 0, 0, 0, 0), bias: 0 };
    const kept = (seed: number) => lessonsOf(images(24, { seed }));

    test('are learned together with what these have kept, if that confirms them most', async () => {
      const known = [knownHead(7, opposite, kept(8)), knownHead(8, opposite, kept(10))];
      const { note, head, things, lessons } = await learnForeground(own, { seed: 1, known });
      const taughtBy = known.map(({ segmentationId, collection }) => ({ segmentationId, collection }));
      expect(note).toMatchObject({ way: 'head', from: null, taughtBy });
      // Together, too few images taught: that of another head would be one of other features.
      expect(things).toBeNull();
      if (!head) throw new Error('a head was learned');
      expect(accuracyOf(head, images(8, { seed: 9 }))).toBeGreaterThan(0.9);
      expect(lessons?.taught).toEqual(own.map(({ image }) => image));
    });

    test('learn nothing from their own images elsewhere: a head that remembers them would always be confirmed', async () => {
      // That leaves one other collection, which is too few.
      const known = [knownHead(7, opposite, lessonsOf(own)), knownHead(8, opposite, kept(8))];
      const { note } = await learnForeground(own, { seed: 1, known });
      expect(note.taughtBy).toEqual([]);
    });
  });

  test('say what tells things apart where hundreds of images teach them', async () => {
    const taught = images(220);
    const { head, things, note } = await learnForeground(taught, { seed: 1 });
    expect(head).not.toBeNull();
    expect(things?.axes).toHaveLength(DIM * DIM);
    expect(things?.minDistance).toBeGreaterThan(0);
    expect(note.hasThingMetric).toBe(true);
    expect(await learnForeground(taught.slice(0, 40), { seed: 1 })).toMatchObject({
      things: null,
      note: { way: 'head', hasThingMetric: false },
    });
  });

  test('are learned from cuts that the colours of each image correct, after the first round', async () => {
    const taught = images(40, { wrong: 0.1 });
    const grey = taught.map((image) => ({
      ...image,
      graph: { ...image.graph, lab: new Float32Array(ROWS * 3) },
    }));
    const heads = [];
    for (const list of [taught, taught, grey]) heads.push((await learnForeground(list, { seed: 1 })).head);
    expect(heads[1]).toEqual(heads[0]);
    expect(heads[2]).not.toBeNull();
    expect(heads[2]).not.toEqual(heads[0]);
  });

  test('are the same however long cuts take, some of which are made while a head is learned', async () => {
    const taught = images(40, { wrong: 0.1 });
    let [done, cuts] = [0, 0];
    const doneAtCuts: number[] = [];
    const { head } = await learnForeground(taught, {
      seed: 1,
      onProgress: (progress) => (done = progress.done),
      cut: async (image) => {
        doneAtCuts.push(done);
        await delay(cuts++ % 3);
        return maskOf(image);
      },
    });
    expect(head).toEqual((await learnForeground(taught, { seed: 1 })).head);
    // Two heads of cues and one of features with 200 steps each; the other half of the images teaches the next one.
    expect(doneAtCuts.filter((before) => before >= 600 && before < 800)).not.toEqual([]);
  });

  test('report progress that never falls, up to its end', async () => {
    const seen: { done: number; total: number }[] = [];
    await learnForeground(images(40), { seed: 1, onProgress: (steps) => seen.push(steps) });
    expect(seen.map(({ done }) => done)).toEqual(seen.map(({ done }) => done).toSorted((a, b) => a - b));
    const last = seen.at(-1);
    expect(last?.done).toBe(last?.total);
    // Three rounds of two heads with 200 steps each and two that read cues; between rounds each image is cut.
    expect(new Set(seen.map(({ total }) => total))).toEqual(new Set([4 * 2 * 200 + 2 * 40]));
  });

  test('stop being learned when the signal says so, while images are cut', async () => {
    const control = new AbortController();
    const onProgress = ({ done }: { done: number }) => {
      // Two heads of cues and two of features with 200 steps each, then the images are cut.
      if (done > 800) control.abort(new Error('stopped'));
    };
    const learning = learnForeground(images(40), { seed: 1, signal: control.signal, onProgress });
    await expect(learning).rejects.toThrow('stopped');
  });

  test('are found by each image alone where there are few', async () => {
    const note = {
      way: 'few-images',
      agreement: null,
      imageCount: 0,
      from: null,
      taughtBy: [],
      hasThingMetric: false,
    };
    expect(await learnForeground(images(15), { seed: 1 })).toMatchObject({ head: null, note });
  });
});
