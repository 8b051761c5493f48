import { expect, test } from 'vitest';
import { findForeground } from '../../../../src-main/core/infer/foreground.ts';
import { superpixelGraph } from '../../../../src-main/core/infer/superpixel-graph.ts';
import { textureOf } from '../../../../src-main/core/infer/texture.ts';
import { slic } from '../../../../src-main/core/segment/slic.ts';
import { RandomStream } from '../../../../src-main/core/tensor/random.ts';

const [WIDTH, HEIGHT] = [160, 120];
const isInside = (x: number, y: number) => (x - 88) ** 2 + (y - 60) ** 2 < 34 ** 2;

/** Grey everywhere, with stronger grain inside a disk than around it. */
function grain(inside: number, outside: number) {
  const random = new RandomStream(7);
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel++) {
    const spread = isInside(pixel % WIDTH, Math.floor(pixel / WIDTH)) ? inside : outside;
    data.fill(128 + Math.round(spread * (random.uniform() - 0.5)), pixel * 3, pixel * 3 + 3);
  }
  return { data, widthPx: WIDTH, heightPx: HEIGHT };
}

/** Quarters of an image as superpixels, so that every number can be checked by hand. */
function quarters(image: ReturnType<typeof grain>) {
  const labels = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, pixel) => {
    const isRight = pixel % WIDTH >= WIDTH / 2;
    const isLow = pixel >= (WIDTH * HEIGHT) / 2;
    return Number(isRight) + 2 * Number(isLow);
  });
  return superpixelGraph(image, { labels, count: 4, widthPx: WIDTH, heightPx: HEIGHT });
}

test('texture is the log of the spread of lightness, by itself and with the neighbours', () => {
  const graph = { ...quarters(grain(0, 0)) };
  graph.labSpread.fill(0);
  graph.labSpread[0] = Math.E - 1;
  // Each quarter touches two others; the one across the corner is no neighbour.
  const texture = textureOf(graph);
  [1, 1 / 3, 0, 1 / 3, 0, 1 / 3, 0, 0].forEach((value, at) => expect(texture[at]).toBeCloseTo(value, 6));
});

// Colour alone finds nothing of it.
test('a thing of the colour of its ground is found by its grain', () => {
  const image = grain(90, 10);
  const map = slic(image, { segments: 120 });
  const { selected } = findForeground(superpixelGraph(image, map));
  let [both, either] = [0, 0];
  map.labels.forEach((label, pixel) => {
    const isThing = isInside(pixel % WIDTH, Math.floor(pixel / WIDTH));
    const isFound = selected[label] === 1;
    if (isThing && isFound) both++;
    if (isThing || isFound) either++;
  });
  expect(both / either).toBeGreaterThan(0.5);
});
