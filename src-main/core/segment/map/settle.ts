import { u32At } from '../../tensor/random.ts';
import type { NeighbourGraph } from './neighbour-graph.ts';

/** Of each row's random others that push it away, per neighbour that pulls it. */
const PUSHES = 5;
/** A move is no longer than this, so that two points in one place do not shoot apart. */
const LONGEST_PULL = 4;
const SEED = 1;

/** Points between two rounds: all that the rounds to come depend on. */
export type Settling = {
  /** Rounds that are done, of `rounds`. */
  done: number;
  rounds: number;
  /** [n, 2] */
  places: Float32Array;
  /** Both directions of each pair: [p, 2]. */
  pairs: Int32Array;
  /** Rounds between two turns of each pair, and the round of its next one: [p]. */
  every: Float64Array;
  due: Float64Array;
  /** Random numbers that have been drawn. */
  draws: number;
};

/** Points before the first round. @param places [n, 2], which the rounds move */
export function unsettled(places: Float32Array, graph: NeighbourGraph, rounds: number): Settling {
  const { pairs, every } = dueTimes(graph, rounds);
  return { done: 0, rounds, places, pairs, every, due: Float64Array.from(every), draws: places.length };
}

/** Moves the points by one round (UMAP, algorithm 5): neighbours pull, random others push. */
export function settle(settling: Settling): void {
  const { done, rounds, places, pairs, every, due } = settling;
  const rows = places.length / 2;
  const step = 1 - done / rounds;
  let { draws } = settling;
  for (let pair = 0; pair < due.length; pair++) {
    if ((due[pair] ?? 0) > done + 1) continue;
    due[pair] = (due[pair] ?? 0) + (every[pair] ?? 0);
    const [a, b] = [pairs[pair * 2] ?? 0, pairs[pair * 2 + 1] ?? 0];
    pull(places, a, b, step);
    for (let push = 0; push < PUSHES; push++) {
      const other = u32At(SEED, draws++) % rows;
      if (other !== a) pushAway(places, a, other, step);
    }
  }
  settling.draws = draws;
  settling.done = done + 1;
}

/** Both directions of each pair, with the rounds between two of its turns: the strongest have one in every round. */
function dueTimes({ from, to, weights }: NeighbourGraph, rounds: number) {
  const strongest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const kept = [...weights.keys()].filter((at) => (weights[at] ?? 0) * rounds >= strongest);
  const pairs = new Int32Array(kept.length * 4);
  const every = new Float64Array(kept.length * 2);
  kept.forEach((at, place) => {
    const [a, b] = [from[at] ?? 0, to[at] ?? 0];
    pairs.set([a, b, b, a], place * 4);
    every.fill(strongest / (weights[at] ?? 1), place * 2, place * 2 + 2);
  });
  return { pairs, every };
}

function pull(places: Float32Array, a: number, b: number, step: number): void {
  const dx = (places[a * 2] ?? 0) - (places[b * 2] ?? 0);
  const dy = (places[a * 2 + 1] ?? 0) - (places[b * 2 + 1] ?? 0);
  const force = -2 / (1 + dx * dx + dy * dy);
  const [x, y] = [bounded(force * dx) * step, bounded(force * dy) * step];
  places[a * 2] = (places[a * 2] ?? 0) + x;
  places[a * 2 + 1] = (places[a * 2 + 1] ?? 0) + y;
  places[b * 2] = (places[b * 2] ?? 0) - x;
  places[b * 2 + 1] = (places[b * 2 + 1] ?? 0) - y;
}

function pushAway(places: Float32Array, a: number, b: number, step: number): void {
  const dx = (places[a * 2] ?? 0) - (places[b * 2] ?? 0);
  const dy = (places[a * 2 + 1] ?? 0) - (places[b * 2 + 1] ?? 0);
  const squared = dx * dx + dy * dy;
  const force = 2 / ((0.001 + squared) * (1 + squared));
  places[a * 2] = (places[a * 2] ?? 0) + bounded(force * dx) * step;
  places[a * 2 + 1] = (places[a * 2 + 1] ?? 0) + bounded(force * dy) * step;
}

const bounded = (move: number): number => Math.max(-LONGEST_PULL, Math.min(LONGEST_PULL, move));
