import type { SuperpixelGraph } from './superpixel-graph.ts';

/** Numbers that describe the texture of a superpixel. */
export const TEXTURE_DIM = 2;

/**
 * How uneven each superpixel is, and how uneven its surroundings: fur and grass of one colour differ in it. The
 * logarithm, because what counts is by how many times one is rougher than the other.
 * @returns [count, 2] float32: log of 1 + the spread of lightness; its mean with the neighbours'
 */
export function textureOf({ labSpread, edges, areas }: SuperpixelGraph): Float32Array {
  const own = areas.map((_, s) => Math.log1p(labSpread[s * 3] ?? 0));
  const sums = own.slice();
  const members = new Float32Array(own.length).fill(1);
  const add = (to: number, from: number) => {
    sums[to] = (sums[to] ?? 0) + (own[from] ?? 0);
    members[to] = (members[to] ?? 0) + 1;
  };
  edges.from.forEach((a, edge) => {
    const b = edges.to[edge] ?? 0;
    add(a, b);
    add(b, a);
  });
  const texture = new Float32Array(own.length * TEXTURE_DIM);
  own.forEach((value, s) => {
    texture[s * TEXTURE_DIM] = value;
    texture[s * TEXTURE_DIM + 1] = (sums[s] ?? 0) / (members[s] ?? 1);
  });
  return texture;
}
