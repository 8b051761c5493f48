import { expect, test } from 'vitest';
import type { DeepSamples } from '../../../../src-main/core/image/deep-samples.ts';
import { UnmeasuredImage } from '../../../../src-main/core/image/inspect.ts';
import { BrightnessMeasuring } from '../../../../src-main/worker/jobs/brightness-measuring.ts';
import { asFound } from '../../../support/store.ts';

const DEEP: DeepSamples = {
  kind: 'tiff float32',
  depth: 'float',
  space: 'b-w',
  used: { colours: 1, hasAlpha: false },
  note: null,
};

/** What is measured over so many images, of which one is brighter than the others. */
function measured(images: number, bright: number): number | undefined {
  const measuring = new BrightnessMeasuring();
  for (let image = 0; image < images; image++) {
    const level = image === bright ? 9 : image % 4 === 0 ? 0 : 1;
    const samples = Float64Array.from({ length: 10 }, () => level);
    measuring.isNoted(
      new UnmeasuredImage(DEEP, samples),
      asFound({ relPath: `${image}.tif`, content: image }),
    );
  }
  return measuring.ranges()['tiff float32']?.to;
}

test.each([
  [64, 63],
  [65, 2],
  // 64 of 128 images are every second one.
  [127, 126],
  [128, 2],
  [128, 126],
  [129, 4],
  [256, 4],
  [256, 252],
])('of %i images, number %i is among the 64 that are measured', (images, bright) => {
  expect(measured(images, bright)).toBe(9);
});

test('of more than 64 images, every second one is measured', () => {
  expect(measured(128, 3)).toBe(1);
});
