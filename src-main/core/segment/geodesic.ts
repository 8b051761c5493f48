import type { SuperpixelGraph } from './superpixel-graph.ts';

/** Superpixels without any way between them, and how far all are `from` each of them: Infinity beyond the reach. */
export type GeodesicDistances = Iterable<{ members: readonly number[]; from: Float32Array }>;

/**
 * Lengths of the shortest ways between all superpixels, by Dijkstra's algorithm from each. Those between which a way has
 * no length are equally far from everything: one of them speaks for all, which in smooth pictures saves most of it.
 * @param steps [edges] at least 0
 * @param reach longer ways are not looked for
 * @returns each superpixel among the members once; `from` [count] is overwritten by the next
 */
export function* geodesicDistances(
  graph: Pick<SuperpixelGraph, 'map' | 'edges'>,
  steps: Float32Array,
  reach = Infinity,
): GeodesicDistances {
  const { count } = graph.map;
  const ways = waysOf(graph, steps);
  const from = new Float32Array(count);
  const isDone = new Uint8Array(count);
  const heap = new MinHeap(ways.ends.length + count);
  for (let source = 0; source < count; source++) {
    if (isDone[source]) continue;
    from.fill(Infinity);
    from[source] = 0;
    heap.push(source, 0);
    spread(ways, heap, from, reach);
    const members: number[] = [];
    for (let node = source; node < count; node++) {
      if (from[node] !== 0) continue;
      isDone[node] = 1;
      members.push(node);
    }
    yield { members, from };
  }
}

/**
 * Lengths of the shortest ways to the nearest of some superpixels.
 * @param sources [count]: what a way that starts there has on it already; Infinity where none starts
 * @returns [count]; Infinity where no way leads
 */
export function nearestDistances(ways: Ways, sources: Float32Array): Float32Array {
  const distances = sources.slice();
  const heap = new MinHeap(ways.ends.length + sources.length);
  for (const [node, offset] of sources.entries()) if (offset < Infinity) heap.push(node, offset);
  spread(ways, heap, distances, Infinity);
  return distances;
}

/** Shortens distances until no way is shorter; `heap` holds what they spread from. */
function spread({ start, ends, lengths }: Ways, heap: MinHeap, distances: Float32Array, reach: number): void {
  while (heap.size > 0) {
    const distance = heap.smallest;
    const node = heap.pop();
    if (distance > (distances[node] ?? 0)) continue;
    for (let arc = start[node] ?? 0; arc < (start[node + 1] ?? 0); arc++) {
      const end = ends[arc] ?? 0;
      // Rounded as it is stored: otherwise a way could seem shorter than itself, for ever.
      const reached = Math.fround(distance + (lengths[arc] ?? 0));
      if (reached > reach || reached >= (distances[end] ?? 0)) continue;
      distances[end] = reached;
      heap.push(end, reached);
    }
  }
}

/** Neighbours of each node, one after the other: those of `node` lie from start[node] to start[node + 1]. */
export type Ways = { start: Int32Array; ends: Int32Array; lengths: Float32Array };

/** @param steps [edges] at least 0: the length of each edge */
export function waysOf({ map, edges }: Pick<SuperpixelGraph, 'map' | 'edges'>, steps: Float32Array): Ways {
  const start = new Int32Array(map.count + 1);
  const bump = (array: Int32Array, at: number) => (array[at] = (array[at] ?? 0) + 1);
  for (let edge = 0; edge < steps.length; edge++) {
    bump(start, (edges.from[edge] ?? 0) + 1);
    bump(start, (edges.to[edge] ?? 0) + 1);
  }
  for (let node = 0; node < map.count; node++) start[node + 1] = (start[node + 1] ?? 0) + (start[node] ?? 0);
  const next = start.slice();
  const ends = new Int32Array(steps.length * 2);
  const lengths = new Float32Array(steps.length * 2);
  const put = (from: number, to: number, length: number) => {
    const at = bump(next, from) - 1;
    ends[at] = to;
    lengths[at] = length;
  };
  for (let edge = 0; edge < steps.length; edge++) {
    const [a, b] = [edges.from[edge] ?? 0, edges.to[edge] ?? 0];
    put(a, b, steps[edge] ?? 0);
    put(b, a, steps[edge] ?? 0);
  }
  return { start, ends, lengths };
}

/** Binary heap of nodes by key; every arc pushes once at most, which bounds its size. */
class MinHeap {
  size = 0;
  readonly #nodes: Int32Array;
  readonly #keys: Float32Array;

  constructor(capacity: number) {
    this.#nodes = new Int32Array(capacity);
    this.#keys = new Float32Array(capacity);
  }

  get smallest(): number {
    return this.#keys[0] ?? 0;
  }

  push(node: number, key: number): void {
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#keys[parent] ?? 0) <= key) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#nodes[at] = node;
    this.#keys[at] = key;
  }

  pop(): number {
    const top = this.#nodes[0] ?? 0;
    const last = --this.size;
    const key = this.#keys[last] ?? 0;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && (this.#keys[child + 1] ?? 0) < (this.#keys[child] ?? 0)) child++;
      if ((this.#keys[child] ?? 0) >= key) break;
      this.#move(child, at);
      at = child;
    }
    this.#nodes[at] = this.#nodes[last] ?? 0;
    this.#keys[at] = key;
    return top;
  }

  #move(from: number, to: number): void {
    this.#nodes[to] = this.#nodes[from] ?? 0;
    this.#keys[to] = this.#keys[from] ?? 0;
  }
}
