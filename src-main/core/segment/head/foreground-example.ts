import type { ForegroundCues, ForegroundGraph } from '../foreground.ts';
import type { HeadExample } from './learn-head.ts';
import type { TeachingImage } from './lessons.ts';

/** An image's own mask, as an example, and how far that mask can be trusted. */
export type ForegroundExample = HeadExample & {
  image: TeachingImage;
  score: number;
  /** What it takes to cut the image again. */
  graph: ForegroundGraph;
  cues: ForegroundCues;
};

/** Numbers that the image's own cues give for a superpixel. */
export const CUE_COUNT = 11;

/** [count, CUE_COUNT]: mean Lab, its spread and squares, saliency and nearness to the middle. */
export function cueRows({
  graph: { lab, labSpread, areas },
  cues: { saliency, nearness },
}: ForegroundExample) {
  const rows = Array.from(areas, (_, s) => {
    const colour = lab.subarray(s * 3, s * 3 + 3);
    const spread = labSpread.subarray(s * 3, s * 3 + 3);
    return [...colour, ...spread, ...colour.map((value) => value ** 2), saliency[s] ?? 0, nearness[s] ?? 0];
  });
  return { features: Float32Array.from(rows.flat()), dim: CUE_COUNT };
}
