import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { normalisedValues } from '../../src-main/core/image/augment/normalise.ts';
import { decodeImage, type RgbImage } from '../../src-main/core/image/decode.ts';
import { slic, slicClusters } from '../../src-main/core/superpixel/slic.ts';
import { goldenArray, goldenPath } from '../support/golden.ts';

const photo = (name: string): Promise<RgbImage> =>
  decodeImage(readFileSync(goldenPath('images', `${name}_224.png`)));

const differing = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).filter((value, at) => value !== b[at]).length;

describe('SLIC equals scikit-image 0.19.3 on every pixel', () => {
  describe.each(['astronaut', 'chelsea', 'coffee', 'rocket'])('%s', (name) => {
    it('before connectivity', async () => {
      const { clusters, seeds } = slicClusters(await photo(name));
      expect(seeds).toBe(100);
      expect(differing(clusters, goldenArray(`2_slic_${name}_rgb_preconnect`, '|u1').data)).toBe(0);
    });

    it('from plain RGB', async () => {
      const { labels } = slic(await photo(name));
      expect(differing(labels, goldenArray(`2_slic_${name}_rgb`, '<u2').data)).toBe(0);
    });

    it('from the normalised tensor, as the official code calls it', async () => {
      const { labels } = slic(await photo(name), { channelValues: normalisedValues() });
      expect(differing(labels, goldenArray(`2_slic_${name}_official`, '<u2').data)).toBe(0);
    });
  });
});
