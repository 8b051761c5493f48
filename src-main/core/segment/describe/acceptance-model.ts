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
 * @returns the chances of an object, decided or not; both are its score before there are decisions of both kinds
 */
export function fitAcceptance(
  table: VectorTable,
  decisions: readonly JudgedFacts[],
): (facts: ObjectFacts) => Chances {
  const folds = Array.from({ length: FOLDS }, (_, fold) => {
    const others = decisions.filter(({ maskId }) => maskId % FOLDS !== fold);
    return { chanceOf: fitFacts(others), similar: described(table, others.slice(-MAX_COMPARED)) };
  });
  return (facts) => {
    const fold = folds[facts.maskId % FOLDS];
    const byFacts = fold?.chanceOf(facts) ?? facts.score;
    return { byFacts, byLooks: fold ? byLooks(table, fold.similar, facts, byFacts) : byFacts };
  };
}

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

function described({ vectors, dim }: VectorTable, decisions: readonly JudgedFacts[]): Compared {
  const known = decisions.filter(({ row }) => row >= 0);
  const taken = new Float32Array(known.length * dim);
  known.forEach(({ row }, at) => taken.set(vectors.subarray(row * dim, (row + 1) * dim), at * dim));
  return { vectors: taken, accepted: Uint8Array.from(known, ({ isAccepted }) => Number(isAccepted)) };
}

/** The decisions on the most similar objects, as far as they are similar; the chance by facts for the rest. */
function byLooks(
  { vectors, dim }: VectorTable,
  similar: Compared,
  { row }: ObjectFacts,
  before: number,
): number {
  if (row < 0) return before;
  const best = new Float64Array(NEIGHBOURS).fill(-Infinity);
  const verdicts = new Uint8Array(NEIGHBOURS);
  for (let at = 0; at < similar.accepted.length; at++) {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += (vectors[row * dim + d] ?? 0) * (similar.vectors[at * dim + d] ?? 0);
    if (sum <= (best[NEIGHBOURS - 1] ?? 0)) continue;
    let place = NEIGHBOURS - 1;
    for (; place > 0 && (best[place - 1] ?? 0) < sum; place--) {
      best[place] = best[place - 1] ?? 0;
      verdicts[place] = verdicts[place - 1] ?? 0;
    }
    best[place] = sum;
    verdicts[place] = similar.accepted[at] ?? 0;
  }
  let [votes, weight] = [BELIEF * before, BELIEF];
  best.forEach((similarity, at) => {
    const vote = Math.exp(SHARPNESS * (similarity - 1));
    votes += vote * (verdicts[at] ?? 0);
    weight += vote;
  });
  return votes / weight;
}
