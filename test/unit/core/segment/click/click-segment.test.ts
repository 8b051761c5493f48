import { describe, expect, test } from 'vitest';
import type { ClickSeed, ClickSeeds } from '../../../../../src-main/contract/click-seeds.ts';
import type { RgbImage } from '../../../../../src-main/core/image/decode.ts';
import { clickScene } from '../../../../../src-main/core/segment/click/click-scene.ts';
import { segmentByClicks } from '../../../../../src-main/core/segment/click/click-segment.ts';
import { placeSeeds } from '../../../../../src-main/core/segment/click/place-seeds.ts';
import { embed } from '../../../../../src-main/core/segment/embed-image.ts';
import { drawsFor } from '../../../../../src-main/core/tensor/random.ts';
import { iouOf } from '../../../../support/masks.ts';

const [WIDTH, HEIGHT] = [160, 120];
const GRID = { widthPx: WIDTH, heightPx: HEIGHT };

type Inside = (x: number, y: number) => boolean;
const disk =
  (cx: number, cy: number, radius: number): Inside =>
  (x, y) =>
    Math.hypot(x + 0.5 - cx, y + 0.5 - cy) < radius;
/** Two disks of the same red, one with a dark core, on green. */
const LEFT = disk(45, 60, 26);
const RIGHT = disk(118, 60, 26);
const CORE = disk(45, 60, 11);

function picture(): RgbImage {
  const draw = drawsFor({ seed: 3, step: 0, stream: 'noise' });
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
    const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
    const colour = CORE(x, y) ? [90, 20, 20] : LEFT(x, y) || RIGHT(x, y) ? [190, 60, 50] : [60, 130, 70];
    colour.forEach((value, c) => (data[pixel * 3 + c] = value + draw() * 16));
  }
  return { data, ...GRID };
}

const maskOf = (isInside: Inside): Uint8Array =>
  Uint8Array.from({ length: WIDTH * HEIGHT }, (_, pixel) =>
    Number(isInside(pixel % WIDTH, Math.floor(pixel / WIDTH))),
  );
const iou = (mask: Uint8Array | undefined, isInside: Inside) =>
  iouOf({ data: mask ?? new Uint8Array(WIDTH * HEIGHT), ...GRID }, { data: maskOf(isInside), ...GRID });

const fine = picture();
const pixels = { fine, working: fine };
const scene = await clickScene(pixels, await embed(pixels, null, 320));

const click = (x: number, y: number, isInside = true): ClickSeed => ({
  points: [{ x, y }],
  radius: 0,
  isInside,
});
const answer = (given: Partial<ClickSeeds>) =>
  segmentByClicks(scene, placeSeeds({ box: null, seeds: [], ...given }, GRID, scene.graph.map));
const best = (given: Partial<ClickSeeds>) => {
  const { masks, best: place } = answer(given);
  return masks[place];
};

describe('what clicks mean', () => {
  test('one click on a thing gives the thing, and not its equal beside it', () => {
    expect(iou(best({ seeds: [click(60, 72)] }), LEFT)).toBeGreaterThan(0.9);
    expect(iou(best({ seeds: [click(118, 60)] }), RIGHT)).toBeGreaterThan(0.9);
  });

  test('a click outside takes away what it is on', () => {
    const both = best({ seeds: [click(60, 72), click(118, 60)] });
    expect(iou(both, (x, y) => LEFT(x, y) || RIGHT(x, y))).toBeGreaterThan(0.9);
    const without = best({ seeds: [click(60, 72), click(45, 60, false)] });
    expect(iou(without, (x, y) => LEFT(x, y) && !CORE(x, y))).toBeGreaterThan(0.8);
  });

  test('a box gives what is in it', () => {
    expect(iou(best({ box: { x: 10, y: 25, width: 70, height: 70 } }), LEFT)).toBeGreaterThan(0.9);
  });

  test('strokes are seeds along all of their way', () => {
    const stroke: ClickSeed = {
      points: [
        { x: 50, y: 75 },
        { x: 112, y: 75 },
      ],
      radius: 2,
      isInside: true,
    };
    const mask = best({ seeds: [stroke] });
    // Also between the disks, where no colour speaks for it.
    expect(mask?.[75 * WIDTH + 82]).toBe(1);
    expect(iou(mask, (x, y) => LEFT(x, y) || RIGHT(x, y))).toBeGreaterThan(0.75);
  });

  test('what was said of a pixel holds, whatever its colour', () => {
    const mask = best({ seeds: [click(60, 72), click(100, 20), click(60, 50, false)] });
    expect(mask?.[20 * WIDTH + 100]).toBe(1);
    expect(mask?.[50 * WIDTH + 60]).toBe(0);
  });

  test('the answers lie within each other, from the smallest on', () => {
    const { masks, best: place } = answer({ seeds: [click(45, 60)] });
    expect(masks.length).toBeGreaterThan(1);
    expect(place).toBeGreaterThanOrEqual(0);
    masks.slice(1).forEach((mask, at) => {
      expect(masks[at]?.every((inside, pixel) => inside <= (mask[pixel] ?? 0))).toBe(true);
    });
  });

  test('there is no answer where nothing was said to be inside', () => {
    expect(answer({})).toEqual({ masks: [], best: -1 });
    expect(answer({ seeds: [click(45, 60, false)] })).toEqual({ masks: [], best: -1 });
  });

  test('seeds may lie beyond the picture, and boxes may have no size to speak of', () => {
    expect(best({ seeds: [click(-40, 60), click(900, 900)] })?.includes(1)).toBe(true);
    expect(() => answer({ box: { x: 300, y: 300, width: 0.1, height: 0.1 } })).not.toThrow();
  });

  test('seeds on a larger grid mean the same', () => {
    const large = { widthPx: WIDTH * 5, heightPx: HEIGHT * 5 };
    const placed = placeSeeds({ box: null, seeds: [click(300, 360)] }, large, scene.graph.map);
    const { masks, best: place } = segmentByClicks(scene, placed);
    expect(masks[place]).toEqual(best({ seeds: [click(60, 72)] }));
  });
});
