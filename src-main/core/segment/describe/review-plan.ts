import { RandomStream } from '../../tensor/random.ts';
import { chancesOf, type Chances, type JudgedFacts, type ObjectFacts } from './acceptance-model.ts';
import type { VectorTable } from './nearest.ts';

/** An object that can be asked about, or one that was drawn at random before and stands for others. */
export type ReviewCandidate = ObjectFacts & {
  imageId: number;
  /** Number of the concept; 0 for none. */
  concept: number;
  /** Whether it was drawn at random and decided; it is not asked about again. */
  isAudited: boolean;
};
/** `gain`: because its review brings most; `audit`: drawn at random, which the estimate is made from. */
type PlannedReview = { maskId: number; kind: 'gain' | 'audit'; chance: number };
export type ReviewPlan = {
  reviews: PlannedReview[];
  /** Random draws that would have been chosen by gain: they no longer stand for the objects that are left. */
  spent: number[];
};

/** Every third object is a random draw. */
const AUDIT_EVERY = 3;
/** Two objects more similar than this are not asked about in one round. */
const TOO_SIMILAR = 0.98;
/** What counts in the gain of a review in addition to the chance that it changes something: little, because that is the aim. */
const WEIGHTS = { border: 0.1, disagreement: 0.1, size: 0.05, rarity: 0.05 };

/**
 * Chooses what a person is asked about next.
 *
 * [Note: Draws and gains] Decisions on objects chosen by gain say nothing about the others: they are the odd ones. So
 * every third object is drawn at random from those that are not chosen by gain, one from each part of the order by score.
 * The gain of an object depends on the decisions of others only (see `chancesOf`), so that earlier draws can be put
 * in the same order as if they had not been decided: those that would have been chosen by gain now are `spent`. What
 * remains is a random sample of what is left, and `estimateAcceptance` may be made from it.
 */
export async function planReview(
  table: VectorTable,
  candidates: readonly ReviewCandidate[],
  decisions: readonly JudgedFacts[],
  { count, seed, signal }: { count: number; seed: number; signal?: AbortSignal },
): Promise<ReviewPlan> {
  const ranked = rank(candidates, await chancesOf(table, { decisions, objects: candidates, signal }));
  const pending = ranked.filter(({ facts }) => !facts.isAudited).length;
  const audits = Math.floor(Math.min(count, pending) / AUDIT_EVERY);
  const { chosen, spent } = takeByGain(table, ranked, Math.min(count, pending) - audits);
  const taken = new Set(chosen);
  const left = ranked.filter((one) => !one.facts.isAudited && !taken.has(one));
  const drawn = drawSpread(left, audits, new RandomStream(seed));
  const reviews = chosen.map((one) => planned(one, 'gain'));
  drawn.forEach((one, at) => reviews.splice(AUDIT_EVERY * at + AUDIT_EVERY - 1, 0, planned(one, 'audit')));
  return { reviews, spent: spent.map(({ facts }) => facts.maskId) };
}

type Ranked = { facts: ReviewCandidate; chance: number; gain: number };

const planned = ({ facts, chance }: Ranked, kind: PlannedReview['kind']): PlannedReview => ({
  maskId: facts.maskId,
  kind,
  chance,
});

/** By gain, the most first. */
function rank(candidates: readonly ReviewCandidate[], chances: readonly Chances[]): Ranked[] {
  const counts = new Map<number, number>();
  for (const { concept } of candidates) counts.set(concept, (counts.get(concept) ?? 0) + 1);
  const common = candidates.length / Math.max(1, counts.size);
  const largest = candidates.reduce((most, { areaPx }) => Math.max(most, areaPx), 1);
  return candidates
    .map((facts, at): Ranked => {
      const { byFacts, byLooks } = chances[at] ?? { byFacts: facts.score, byLooks: facts.score };
      const chance = (byFacts + byLooks) / 2;
      const border = 4 * chance * (1 - chance);
      const size = Math.sqrt(facts.areaPx / largest);
      const rarity = Math.max(0, 1 - (counts.get(facts.concept) ?? 0) / common);
      const change =
        1 - chance + WEIGHTS.border * border + WEIGHTS.disagreement * Math.abs(byFacts - byLooks);
      return { facts, chance, gain: change * (1 + WEIGHTS.size * size + WEIGHTS.rarity * rarity) };
    })
    .sort((a, b) => b.gain - a.gain || a.facts.maskId - b.facts.maskId);
}

/** The first by gain, no two of them alike as long as there are others. */
function takeByGain(table: VectorTable, ranked: readonly Ranked[], count: number) {
  const [chosen, passed]: [Ranked[], Ranked[]] = [[], []];
  const spent: Ranked[] = [];
  for (const one of ranked) {
    if (chosen.length >= count) break;
    const isNew = [...chosen, ...spent].every(
      (other) => similarity(table, one.facts, other.facts) < TOO_SIMILAR,
    );
    if (!isNew) passed.push(one);
    else if (one.facts.isAudited) spent.push(one);
    else chosen.push(one);
  }
  // Where all that is left looks alike, they come after all.
  for (const one of passed) {
    if (chosen.length >= count) break;
    (one.facts.isAudited ? spent : chosen).push(one);
  }
  return { chosen, spent };
}

function similarity({ vectors, dim }: VectorTable, a: ReviewCandidate, b: ReviewCandidate): number {
  if (a.row < 0 || b.row < 0) return -1;
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += (vectors[a.row * dim + d] ?? 0) * (vectors[b.row * dim + d] ?? 0);
  return sum;
}

/** One at random from each of as many parts of the order by score, in random order. */
function drawSpread(from: readonly Ranked[], count: number, random: RandomStream): Ranked[] {
  const sorted = from.toSorted((a, b) => a.facts.score - b.facts.score || a.facts.maskId - b.facts.maskId);
  const drawn = Array.from({ length: Math.min(count, sorted.length) }, (_, part) => {
    const [start, end] = [part, part + 1].map((at) => Math.floor((at * sorted.length) / count));
    const at = (start ?? 0) + Math.floor(random.uniform() * ((end ?? 0) - (start ?? 0)));
    return { one: sorted[at], place: random.uniform() };
  });
  return drawn.sort((a, b) => a.place - b.place).flatMap(({ one }) => one ?? []);
}
