import type { ContentHash } from '../../../contract/ids.ts';
import { floatsToHalves } from '../../tensor/halves.ts';
import type { HeadExample } from './learn-head.ts';

/** An image that teaches. */
export type TeachingImage = { relPath: string; contentHash: ContentHash };

/** What a collection's images have taught a head, small enough to be kept for the heads of other collections. */
export type Lessons = {
  /** All images that taught it. */
  taught: readonly TeachingImage[];
  /** What is kept of some of them. */
  kept: readonly (HeadExample & { contentHash: ContentHash })[];
};

/** Images of which something is kept, and superpixels of each: many images say more than much of each. */
const [MAX_IMAGES, MAX_ROWS] = [512, 16];
/** What all of them take at most, features being 2 bytes each. */
const MAX_BYTES = 8 * 2 ** 20;

/**
 * The lessons to keep of a head's last round: a few superpixels of images that are spread evenly over the collection.
 * @param examples in an order that is the same each time
 */
export function lessonsOf(examples: readonly (HeadExample & { image: TeachingImage })[]): Lessons {
  const dim = examples[0]?.dim ?? 1;
  const most = Math.min(MAX_IMAGES, Math.max(1, Math.floor(MAX_BYTES / (2 * MAX_ROWS * dim))));
  return {
    taught: examples.map(({ image }) => image),
    kept: spread(examples, most).map((example) => ({
      ...fewRows(example),
      contentHash: example.image.contentHash,
    })),
  };
}

/** Half of an image's kept superpixels are inside of its mask and half outside, as far as there are as many. */
export function fewRows({ features, dim, targets, areas }: HeadExample): HeadExample {
  const rows = [...targets.keys()];
  const inside = spread(
    rows.filter((row) => targets[row] === 1),
    MAX_ROWS / 2,
  );
  const outside = spread(
    rows.filter((row) => targets[row] !== 1),
    MAX_ROWS - inside.length,
  );
  const kept = [...inside, ...outside].sort((a, b) => a - b);
  const out = new Uint16Array(kept.length * dim);
  const halves = features instanceof Float32Array ? floatsToHalves(features) : features;
  kept.forEach((row, at) => out.set(halves.subarray(row * dim, (row + 1) * dim), at * dim));
  return {
    features: out,
    dim,
    targets: Uint8Array.from(kept, (row) => targets[row] ?? 0),
    areas: sharedAreas({ targets, areas }, kept),
  };
}

/** [kept]: as if the kept superpixels were all of the mask, and all around it. */
function sharedAreas(
  { targets, areas }: Pick<HeadExample, 'targets' | 'areas'>,
  kept: readonly number[],
): Float32Array {
  const areaOf = (rows: readonly number[], side: number) =>
    rows.reduce((sum, row) => sum + (targets[row] === side ? (areas[row] ?? 0) : 0), 0);
  const factors = [0, 1].map((side) => areaOf([...targets.keys()], side) / Math.max(areaOf(kept, side), 1));
  return Float32Array.from(kept, (row) => (areas[row] ?? 0) * (factors[targets[row] ?? 0] ?? 0));
}

/** Up to `most` of a list, evenly spaced. */
function spread<T>(list: readonly T[], most: number): T[] {
  const count = Math.min(list.length, most);
  return Array.from({ length: count }, (_, at) => list[Math.floor((at * list.length) / count)]).filter(
    (item) => item !== undefined,
  );
}
