import { NearestSearch, vectorsOf } from './nearest-search.ts';
import type { VectorTable } from './nearest.ts';

/** What is known of an object without looking at it. */
export type ObjectFacts = {
  /** Of its vector; -1 where it has not been described. */
  row: number;
  maskId: number;
  score: number;
  areaPx: number;
};
export type JudgedFacts = ObjectFacts & { isAccepted: boolean };
/** How likely it is that a person accepts an object, by its facts alone and by what looks like it. */
export type Chances = { byFacts: number; byLooks: number };

type Judged = { decisions: readonly JudgedFacts[]; objects: readonly ObjectFacts[] };

/** An object's chances are those that decisions of the other folds give it: its own decision never counts. */
const FOLDS = 5;
/** Comparing with more decisions would take minutes for 300,000 objects. */
const MAX_COMPARED = 400;
const NEIGHBOURS = 8;
/** How fast a decision counts less as an object looks less like it. */
const SHARPNESS = 6;
/** This many decisions on identical objects count as much as what the facts say. */
const BELIEF = 2;
const FIT = { steps: 30, ridge: 0.5 };

/**
 * Learns from decisions what a person accepts.
 * @returns the chances of objects, decided or not; both are the score before there are decisions of both kinds
 */
export async function chancesOf(
  table: VectorTable,
  { decisions, objects, signal }: Judged & { signal?: AbortSignal | undefined },
): Promise<Chances[]> {
  const folds = Array.from({ length: FOLDS }, (_, fold) => {
    const others = decisions.filter(({ maskId }) => maskId % FOLDS !== fold);
    return { chanceOf: fitFacts(others), similar: described(table, others.slice(-MAX_COMPARED)) };
  });
  const chances = objects.map((facts): Chances => {
    const byFacts = folds[facts.maskId % FOLDS]?.chanceOf(facts) ?? facts.score;
    return { byFacts, byLooks: byFacts };
  });
  if (folds.every(({ similar }) => similar.accepted.length === 0)) return chances;
  using search = await NearestSearch.open(table.dim, { signal });
  for (const [fold, { similar }] of folds.entries()) {
    const places = [...objects.keys()].filter((at) => isOf(objects[at], fold));
    await lookAlike(search, similar, { table, objects, places, chances });
  }
  return chances;
}

const isOf = (facts: ObjectFacts | undefined, fold: number) =>
  facts !== undefined && facts.row >= 0 && facts.maskId % FOLDS === fold;

/** Logistic regression on score and size by Newton's method; the score itself while one kind is missing. */
function fitFacts(decisions: readonly JudgedFacts[]): (facts: ObjectFacts) => number {
  const accepted = decisions.filter(({ isAccepted }) => isAccepted).length;
  if (accepted === 0 || accepted === decisions.length) return ({ score }) => score;
  const scale = (of: (facts: ObjectFacts) => number) => {
    const mean = decisions.reduce((sum, one) => sum + of(one), 0) / decisions.length;
    const spread = Math.sqrt(
      decisions.reduce((sum, one) => sum + (of(one) - mean) ** 2, 0) / decisions.length,
    );
    return (facts: ObjectFacts) => (of(facts) - mean) / Math.max(spread, 1e-6);
  };
  const [scoreOf, sizeOf] = [scale(({ score }) => score), scale(({ areaPx }) => Math.log(areaPx))];
  const rows = decisions.map((one) => ({
    x: [1, scoreOf(one), sizeOf(one)] as const,
    y: Number(one.isAccepted),
  }));
  let weights = [0, 0, 0];
  for (let step = 0; step < FIT.steps; step++) weights = newtonStep(rows, weights);
  return (facts) => logistic(weights, [1, scoreOf(facts), sizeOf(facts)]);
}

type Row = { x: readonly [number, number, number]; y: number };

function newtonStep(rows: readonly Row[], weights: readonly number[]): number[] {
  const gradient = weights.map((weight, at) => (at === 0 ? 0 : FIT.ridge * weight));
  const curvature = [0, 1, 2].map((at) => [0, 1, 2].map((other) => (at === other ? FIT.ridge : 0)));
  for (const { x, y } of rows) {
    const chance = logistic(weights, x);
    for (let a = 0; a < 3; a++) {
      gradient[a] = (gradient[a] ?? 0) + (chance - y) * (x[a] ?? 0);
      const line = curvature[a];
      for (let b = 0; b < 3 && line; b++)
        line[b] = (line[b] ?? 0) + chance * (1 - chance) * (x[a] ?? 0) * (x[b] ?? 0);
    }
  }
  const move = solve(curvature, gradient);
  return weights.map((weight, at) => weight - (move[at] ?? 0));
}

/** Gauss elimination of a small positive definite system. */
function solve(matrix: readonly number[][], right: readonly number[]): number[] {
  const rows = matrix.map((line, at) => [...line, right[at] ?? 0]);
  rows.forEach((pivot, at) => {
    rows.forEach((row, other) => {
      if (other === at) return;
      const factor = (row[at] ?? 0) / (pivot[at] ?? 1);
      pivot.forEach((value, column) => (row[column] = (row[column] ?? 0) - factor * value));
    });
  });
  return rows.map((row, at) => (row.at(-1) ?? 0) / (row[at] ?? 1));
}

function logistic(weights: readonly number[], x: readonly number[]): number {
  return 1 / (1 + Math.exp(-weights.reduce((sum, weight, at) => sum + weight * (x[at] ?? 0), 0)));
}

type Compared = { vectors: Float32Array; accepted: Uint8Array };

function described(table: VectorTable, decisions: readonly JudgedFacts[]): Compared {
  const known = decisions.filter(({ row }) => row >= 0);
  return {
    vectors: vectorsOf(
      table,
      Int32Array.from(known, ({ row }) => row),
    ),
    accepted: Uint8Array.from(known, ({ isAccepted }) => Number(isAccepted)),
  };
}

type Judging = {
  table: VectorTable;
  objects: readonly ObjectFacts[];
  /** Of the objects that are judged. */
  places: readonly number[];
  chances: Chances[];
};

/** Gives chances by the decisions on the most similar objects, as far as they are similar; by facts for the rest. */
async function lookAlike(
  search: NearestSearch,
  similar: Compared,
  { table, objects, places, chances }: Judging,
): Promise<void> {
  const rows = Int32Array.from(places, (place) => objects[place]?.row ?? 0);
  for await (const block of search.find(similar.vectors, { table, rows }, NEIGHBOURS))
    for (let row = 0; row < block.rows.length; row++) {
      const own = chances[places[block.from + row] ?? 0];
      if (!own) continue;
      let [votes, weight] = [BELIEF * own.byFacts, BELIEF];
      for (let at = row * block.count; at < (row + 1) * block.count; at++) {
        const vote = Math.exp(SHARPNESS * ((block.similarities[at] ?? 0) - 1));
        votes += vote * (similar.accepted[block.places[at] ?? 0] ?? 0);
        weight += vote;
      }
      own.byLooks = votes / weight;
    }
}
