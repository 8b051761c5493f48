import { describe, expect, test } from 'vitest';
import type { RgbImage } from '../../../../src-main/core/image/decode.ts';
import { embed } from '../../../../src-main/core/segment/embed-image.ts';
import { maskLessonOf, type ScoredLesson } from '../../../../src-main/core/segment/mask-lesson.ts';
import { drawsFor } from '../../../../src-main/core/tensor/random.ts';
import { iouOf } from '../../../support/masks.ts';

const [WIDTH, HEIGHT, RADIUS] = [160, 120, 34];
const isThing = (x: number, y: number) => Math.hypot(x - WIDTH / 2, y - HEIGHT / 2) < RADIUS;

/** A red disc in the middle, on what `ground` paints. */
async function lessonOn(ground: (x: number, y: number) => readonly number[]): Promise<ScoredLesson> {
  const draw = drawsFor({ seed: 3, step: 0, stream: 'noise' });
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
    const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
    const colour = isThing(x, y) ? [200, 50, 40] : ground(x, y);
    colour.forEach((value, c) => (data[pixel * 3 + c] = value + draw() * 12));
  }
  const image: RgbImage = { data, widthPx: WIDTH, heightPx: HEIGHT };
  const pixels = { fine: image, working: image };
  return await maskLessonOf(pixels, await embed(pixels, null, 320), 80);
}

describe('a lesson', () => {
  test('is a small copy of the photo with the mask of its thing', async () => {
    // Stripes of two greens, which no colour of a ground explains.
    const { lesson, score } = await lessonOn((x) =>
      Math.floor(x / 20) % 2 === 0 ? [40, 120, 40] : [120, 190, 90],
    );
    expect(lesson).toMatchObject({ widthPx: 80, heightPx: 60 });
    expect(lesson.pixels).toHaveLength(80 * 60 * 3);
    const truth = Uint8Array.from({ length: 80 * 60 }, (_, pixel) =>
      Number(isThing((pixel % 80) * 2 + 1, Math.floor(pixel / 80) * 2 + 1)),
    );
    const grid = { widthPx: 80, heightPx: 60 };
    expect(iouOf({ ...grid, data: lesson.mask }, { ...grid, data: truth })).toBeGreaterThan(0.85);
    expect(score).toBeGreaterThan(0.5);
  });
});
