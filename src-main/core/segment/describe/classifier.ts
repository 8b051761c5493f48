import { wilsonInterval } from '../../../domain/acceptance-estimate.ts';
import { RandomStream } from '../../tensor/random.ts';
import { NearestSearch, vectorsOf } from './nearest-search.ts';
import type { VectorTable } from './nearest.ts';

/** What a person decided of a row: a class, as a number from 0. */
export type Decision = { row: number; label: number };
type Prediction = { label: number; confidence: number };
/** Predicts rows of the table, in their order. */
type Predict = (rows: Int32Array) => Promise<Prediction[]>;
type Fitting = { classes: number; signal?: AbortSignal | undefined };
type Fit = (table: VectorTable, decisions: readonly Decision[], fitting: Fitting) => Promise<Predict>;

type ClassifierWay = 'nearest' | 'logistic';
/** A classifier that agrees with the decisions that it was fitted to, as far as cross-validation can say. */
export type Classifier = {
  way: ClassifierWay;
  /** Share of the decisions that the others predict. */
  accuracy: number;
  /** The same for the commonest class. */
  baseline: number;
  /** Of predictions that are as confident, probably at least `PRECISION` are right. */
  minConfidence: number;
  predict: Predict;
};

/** Share of confident predictions that must be right. */
const PRECISION = 0.9;
/** That it is reached must be likelier than three to one: a bound that is chosen on few decisions looks better than it is. */
const CERTAINTY_Z = 0.6745;
/** Decisions from which anything is predicted, of every class. */
const MIN_OF_CLASS = 2;
const FOLDS = 5;
/** More decisions than this teach little more, and fitting has to take seconds. */
const MAX_DECISIONS = 2_000;
const NEIGHBOURS = 5;
const LOGISTIC = { steps: 150, rate: 4, decay: 1e-3 };

/** Multiplications before others get their turn: a few milliseconds. */
const WORK_AT_ONCE = 4e6;

const WAYS: Record<ClassifierWay, Fit> = { nearest: fitNearest, logistic: fitLogistic };

/**
 * Fits the kind of classifier that predicts each part of the decisions best from the others.
 * @param decisions their labels are 0..classes-1
 * @returns null if there are too few, or nothing predicts them better than the commonest class
 */
export async function fitClassifier(
  table: VectorTable,
  decisions: readonly Decision[],
  fitting: Fitting,
): Promise<Classifier | null> {
  const known = shuffled(decisions).slice(0, MAX_DECISIONS);
  const counts = Array.from(
    { length: fitting.classes },
    (_, label) => known.filter((one) => one.label === label).length,
  );
  if (counts.filter((count) => count >= MIN_OF_CLASS).length < 2) return null;
  const baseline = Math.max(...counts) / known.length;
  const tried = [];
  for (const way of Object.keys(WAYS) as ClassifierWay[]) {
    const outcomes = await crossValidated(WAYS[way], table, known, fitting);
    const right = outcomes.filter(({ isRight }) => isRight).length;
    tried.push({ way, outcomes, accuracy: right / known.length });
  }
  const best = tried.reduce((one, other) => (other.accuracy > one.accuracy ? other : one));
  const minConfidence = confidenceFor(best.outcomes);
  if (best.accuracy <= baseline || minConfidence === null) return null;
  const { way, accuracy } = best;
  return { way, accuracy, baseline, minConfidence, predict: await WAYS[way](table, known, fitting) };
}

type Outcome = { confidence: number; isRight: boolean };

/** Predictions of every decision by a classifier that was fitted without it. */
async function crossValidated(
  fit: Fit,
  table: VectorTable,
  decisions: readonly Decision[],
  fitting: Fitting,
): Promise<Outcome[]> {
  const folds = Math.min(FOLDS, decisions.length);
  const outcomes: Outcome[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const others = decisions.filter((_one, at) => at % folds !== fold);
    const own = decisions.filter((_one, at) => at % folds === fold);
    const predict = await fit(table, others, fitting);
    const predicted = await predict(Int32Array.from(own, ({ row }) => row));
    for (const [at, { label, confidence }] of predicted.entries())
      outcomes.push({ confidence, isRight: own[at]?.label === label });
  }
  return outcomes;
}

/** The lowest confidence above which predictions are probably right often enough; null if none is. */
function confidenceFor(outcomes: readonly Outcome[]): number | null {
  const sorted = outcomes.toSorted((a, b) => b.confidence - a.confidence);
  let [right, lowest] = [0, null as number | null];
  sorted.forEach(({ confidence, isRight }, at) => {
    right += Number(isRight);
    const isLastOfEqual = sorted[at + 1]?.confidence !== confidence;
    if (!isLastOfEqual) return;
    const { low } = wilsonInterval(right / (at + 1), at + 1, CERTAINTY_Z);
    if (low >= PRECISION) lowest = confidence;
  });
  return lowest;
}

/** Votes of the nearest decisions, each by how near it is. */
function fitNearest(
  table: VectorTable,
  decisions: readonly Decision[],
  { classes, signal }: Fitting,
): Promise<Predict> {
  const known = vectorsOf(
    table,
    Int32Array.from(decisions, ({ row }) => row),
  );
  return Promise.resolve(async (rows) => {
    using search = await NearestSearch.open(table.dim, { signal });
    const predictions: Prediction[] = [];
    for await (const block of search.find(known, { table, rows }, NEIGHBOURS))
      for (let row = 0; row < block.rows.length; row++) {
        const votes = new Float64Array(classes);
        for (let at = row * block.count; at < (row + 1) * block.count; at++) {
          const label = decisions[block.places[at] ?? 0]?.label ?? 0;
          votes[label] = (votes[label] ?? 0) + Math.exp(4 * (block.similarities[at] ?? 0));
        }
        predictions.push(strongest(votes));
      }
    return predictions;
  });
}

/** Multinomial logistic regression by gradient descent on all decisions, rare classes as heavy as common ones. */
async function fitLogistic(
  { vectors, dim }: VectorTable,
  decisions: readonly Decision[],
  { classes, signal }: Fitting,
): Promise<Predict> {
  const width = dim + 1;
  const weights = new Float64Array(classes * width);
  const counts = new Float64Array(classes);
  for (const { label } of decisions) counts[label] = (counts[label] ?? 0) + 1;
  const present = counts.filter((count) => count > 0).length;
  const scoresOf = (row: number): Float64Array => {
    const scores = new Float64Array(classes);
    for (let c = 0; c < classes; c++) {
      let sum = counts[c] ? (weights[c * width + dim] ?? 0) : -Infinity;
      for (let d = 0; d < dim; d++) sum += (weights[c * width + d] ?? 0) * (vectors[row * dim + d] ?? 0);
      scores[c] = sum;
    }
    return softmax(scores);
  };
  for (let step = 0; step < LOGISTIC.steps; step++) {
    await nextTurn(signal);
    const gradient = new Float64Array(weights.length);
    for (const { row, label } of decisions) {
      const heavy = 1 / (present * (counts[label] ?? 1));
      const shares = scoresOf(row);
      for (let c = 0; c < classes; c++) {
        const error = heavy * ((shares[c] ?? 0) - Number(c === label));
        if (error === 0) continue;
        for (let d = 0; d < dim; d++)
          gradient[c * width + d] = (gradient[c * width + d] ?? 0) + error * (vectors[row * dim + d] ?? 0);
        gradient[c * width + dim] = (gradient[c * width + dim] ?? 0) + error;
      }
    }
    for (let at = 0; at < weights.length; at++) {
      const weight = weights[at] ?? 0;
      weights[at] = weight - LOGISTIC.rate * ((gradient[at] ?? 0) + LOGISTIC.decay * weight);
    }
  }
  const atOnce = Math.ceil(WORK_AT_ONCE / weights.length);
  return async (rows) => {
    const predictions: Prediction[] = [];
    for (const [at, row] of rows.entries()) {
      if (at % atOnce === atOnce - 1) await nextTurn(signal);
      predictions.push(strongest(scoresOf(row)));
    }
    return predictions;
  };
}

async function nextTurn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(setImmediate);
  signal?.throwIfAborted();
}

function softmax(scores: Float64Array): Float64Array {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function strongest(votes: Float64Array): Prediction {
  const sum = votes.reduce((total, vote) => total + vote, 0);
  const label = votes.indexOf(Math.max(...votes));
  return { label, confidence: (votes[label] ?? 0) / Math.max(sum, 1e-12) };
}

/** The same order for the same decisions. */
function shuffled(decisions: readonly Decision[]): Decision[] {
  const random = new RandomStream(1);
  return decisions
    .map((decision) => ({ decision, place: random.normal() }))
    .sort((a, b) => a.place - b.place)
    .map(({ decision }) => decision);
}
