import { estimateAcceptance } from '../../src-main/domain/acceptance-estimate.ts';
import type { JudgedFacts, ObjectFacts } from '../../src-main/core/segment/describe/acceptance-model.ts';
import { planReview } from '../../src-main/core/segment/describe/review-plan.ts';
import { describeMachine, type BenchReport } from './bench-report.ts';
import { timeLargeLists } from './loop/large-lists.ts';
import { judgedObjects, type JudgedSet } from './loop/judged-objects.ts';
import { randomFrom } from './quick-random.ts';

const ROUND = 30;
const ROUNDS = 5;
/** An object is accepted that covers the truth with an IoU of this much. */
const IS_ACCEPTED = 0.8;
const SETS = ['pets', 'coco', 'nuclei'];

type Judged = ObjectFacts & { imageId: number; concept: number; isAccepted: boolean };
type Reviewed = {
  errors: number;
  chosen: number;
  wrongChosen: number;
  isCovered: boolean[];
  widths: number[];
};

/**
 * Simulated reviews: rounds of thirty decisions, each on what the queue asks next, and the estimate after each round.
 * An object is accepted that covers the truth with an IoU of 0.8 or more. Errors found are compared with reviews in
 * random order and in order of the score, the lowest first. Needs `npm run build`.
 * @param args `--large N` times the lists of N images instead; those of `judgedObjects`; `--seeds N` for the number of reviews of each set
 */
export async function run(args: string[]): Promise<BenchReport> {
  if (args.includes('--large')) {
    const tables = await timeLargeLists(Number(args[args.indexOf('--large') + 1]));
    return { benchmark: 'review-next', machine: describeMachine(), tables, ratios: {} };
  }
  const seeds = args.includes('--seeds') ? Number(args[args.indexOf('--seeds') + 1]) : 100;
  const sets = await judgedObjects(SETS, args);
  const measured: Awaited<ReturnType<typeof measure>>[] = [];
  for (const set of sets) measured.push(await measure(set, seeds));
  const total = (of: (row: (typeof measured)[number]) => number) =>
    Number((measured.reduce((sum, row) => sum + of(row), 0) / measured.length).toFixed(3));
  return {
    benchmark: 'review-next',
    machine: describeMachine(),
    tables: [
      {
        title: `Accepted with an IoU of ${IS_ACCEPTED} or more, ${seeds} reviews of each set`,
        rows: measured.map(({ row }) => row),
      },
    ],
    ratios: {
      errorsFoundOverRandomOrder: total(({ overRandom }) => overRandom),
      errorsFoundOverScoreOrder: total(({ overScore }) => overScore),
      errorsOfChosenOverLowestScores: total(({ chosenOverScore }) => chosenOverScore),
      coverageOf95PercentInterval: total(({ coverage }) => coverage),
    },
  };
}

async function measure({ set, descriptions, objects }: JudgedSet, seeds: number) {
  const judged = objects.map(({ row, maskId, score, areaPx, conceptId, iou }): Judged => {
    const imageId = descriptions.imageIds[row] ?? 0;
    return { row, maskId, imageId, score, areaPx, concept: conceptId, isAccepted: iou >= IS_ACCEPTED };
  });
  const rounds = Math.max(1, Math.min(ROUNDS, Math.floor(judged.length / ROUND) - 1));
  const reviews: Reviewed[] = [];
  for (let seed = 1; seed <= Math.max(1, seeds); seed++)
    reviews.push(await review(descriptions, judged, { rounds, seed }));
  const mean = (of: (one: Reviewed) => number) =>
    reviews.reduce((sum, one) => sum + of(one), 0) / reviews.length;
  const wrong = judged.filter(({ isAccepted }) => !isAccepted).length;
  const decided = rounds * ROUND;
  const errors = mean((one) => one.errors);
  const lowest = judged.toSorted((a, b) => a.score - b.score);
  const byScore = errorsIn(lowest.slice(0, decided));
  const coverage = mean(({ isCovered }) => isCovered.filter(Boolean).length / isCovered.length);
  const chosen = Math.round(mean((one) => one.chosen));
  const errorsOfChosen = mean((one) => one.wrongChosen) / chosen;
  const errorsOfLowest = errorsIn(lowest.slice(0, chosen)) / chosen;
  const byRandom = (decided * wrong) / judged.length;
  const row: Record<string, string | number> = {
    set,
    objects: judged.length,
    'would be accepted': round(1 - wrong / judged.length),
    decisions: decided,
    'errors found': round(errors),
    'in random order': round(byRandom),
    'lowest score first': byScore,
    'errors of those chosen by gain': round(errorsOfChosen),
    'errors of as many of the lowest score': round(errorsOfLowest),
    'coverage of the interval': round(coverage),
  };
  for (let at = 0; at < rounds; at++) {
    row[`coverage after ${ROUND * (at + 1)}`] = round(mean(({ isCovered }) => Number(isCovered[at])));
    row[`width after ${ROUND * (at + 1)}`] = round(mean(({ widths }) => widths[at] ?? 1));
  }
  return {
    row,
    coverage,
    overRandom: errors / byRandom,
    overScore: errors / Math.max(1, byScore),
    chosenOverScore: errorsOfChosen / errorsOfLowest,
  };
}

async function review(
  table: JudgedSet['descriptions'],
  judged: readonly Judged[],
  { rounds, seed }: { rounds: number; seed: number },
): Promise<Reviewed> {
  const random = randomFrom(seed);
  const byId = new Map(judged.map((one) => [one.maskId, one]));
  const decided = new Map<number, 'gain' | 'audit'>();
  const result: Reviewed = { errors: 0, chosen: 0, wrongChosen: 0, isCovered: [], widths: [] };
  for (let at = 0; at < rounds; at++) {
    const candidates = judged
      .filter(({ maskId }) => decided.get(maskId) !== 'gain')
      .map((one) => ({ ...one, isAudited: decided.has(one.maskId) }));
    const decisions = judged.filter(({ maskId }) => decided.has(maskId)) satisfies JudgedFacts[];
    const plan = await planReview(table, candidates, decisions, {
      count: ROUND,
      seed: Math.floor(random() * 2 ** 31),
    });
    for (const { maskId, kind } of plan.reviews) {
      decided.set(maskId, kind);
      if (kind !== 'gain') continue;
      result.chosen++;
      result.wrongChosen += Number(!byId.get(maskId)?.isAccepted);
    }
    for (const maskId of plan.spent) decided.set(maskId, 'gain');
    const audits = [...decided].flatMap(([maskId, kind]) =>
      kind === 'audit' ? (byId.get(maskId) ?? []) : [],
    );
    const pending = judged.filter(({ maskId }) => !decided.has(maskId));
    const truth = pending.filter(({ isAccepted }) => isAccepted).length / pending.length;
    const estimate = estimateAcceptance(
      audits,
      pending.map(({ score }) => score),
    );
    if (!estimate) throw new Error('too few draws');
    result.isCovered.push(truth >= estimate.low - 1e-9 && truth <= estimate.high + 1e-9);
    result.widths.push(estimate.high - estimate.low);
  }
  const seen = [...decided.keys()].flatMap((maskId) => byId.get(maskId) ?? []);
  return { ...result, errors: seen.filter(({ isAccepted }) => !isAccepted).length };
}

const errorsIn = (some: readonly Judged[]) => some.filter(({ isAccepted }) => !isAccepted).length;
const round = (value: number) => Number(value.toFixed(3));
