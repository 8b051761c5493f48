/** A random draw from the objects that were not reviewed, and what a person decided of it. */
export type Audit = { score: number; isAccepted: boolean };
type Interval = { low: number; high: number };
/** How many of the objects that are not reviewed yet would be accepted. */
export type AcceptanceEstimate = Interval & {
  pending: number;
  audits: number;
  share: number;
};

/** 97.5 % of a normal distribution are below: within this many deviations to both sides are 95 %. */
const Z_95 = 1.959964;
/** Fewer say nothing worth a number. */
const MIN_AUDITS = 5;
const AUDITS_OF_STRATUM = 8;
const MAX_STRATA = 5;

/**
 * The interval of a share by Wilson's formula (E. B. Wilson, JASA 22, 1927), of 95 % unless another one is wanted.
 * @param trials may be a fraction, where draws say more or less than as many independent ones
 * @param z the deviations of a normal distribution that it spans to each side
 */
export function wilsonInterval(share: number, trials: number, z = Z_95): Interval {
  if (trials <= 0) return { low: 0, high: 1 };
  const z2 = z ** 2 / trials;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = Math.sqrt(z2 * share * (1 - share) + z2 ** 2 / 4) / (1 + z2);
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/**
 * Estimates the share of objects that would be accepted from random draws among them. Draws and objects are divided by
 * score into as many strata as the draws allow; each stratum counts by its objects. The interval is Wilson's for the
 * number of independent draws that would be as exact (E. L. Korn and B. I. Graubard, Survey Methodology 24, 1998), less
 * what the chance of the objects themselves adds where there are few.
 * @param audits random draws; they are no longer pending
 * @param pendingScores of the objects that nobody has reviewed
 * @returns null for fewer than five draws, or if nothing is pending
 */
export function estimateAcceptance(
  audits: readonly Audit[],
  pendingScores: readonly number[],
): AcceptanceEstimate | null {
  const pending = pendingScores.length;
  if (audits.length < MIN_AUDITS || pending === 0) return null;
  const strata = stratify(audits, pendingScores);
  const pooled = (audits.filter(({ isAccepted }) => isAccepted).length + 0.5) / (audits.length + 1);
  let [share, smooth, variance] = [0, 0, 0];
  for (const { left, draws, accepted } of strata) {
    const weight = left / pending;
    // A stratum whose few draws agree is not known for certain.
    const likely = (accepted + pooled) / (draws + 1);
    share += (weight * accepted) / draws;
    smooth += weight * likely;
    variance += (weight ** 2 * likely * (1 - likely)) / draws;
  }
  const asExact = (smooth * (1 - smooth)) / variance;
  const { low, high } = wilsonInterval(share, 1 / (1 / asExact + 1 / pending));
  // A share of whole objects: of ten, it cannot be between 0.93 and 0.97.
  const whole = { low: Math.floor(low * pending) / pending, high: Math.ceil(high * pending) / pending };
  return { pending, audits: audits.length, share, ...whole };
}

type Stratum = { left: number; draws: number; accepted: number };

/** Strata of about as many draws each, and the pending objects of each. */
function stratify(audits: readonly Audit[], pendingScores: readonly number[]): Stratum[] {
  const count = Math.max(1, Math.min(MAX_STRATA, Math.floor(audits.length / AUDITS_OF_STRATUM)));
  const sorted = audits.map(({ score }) => score).sort((a, b) => a - b);
  const cuts = Array.from({ length: count - 1 }, (_, at) => {
    const place = Math.round(((at + 1) * sorted.length) / count);
    return ((sorted[place - 1] ?? 0) + (sorted[place] ?? 0)) / 2;
  });
  const stratumOf = (score: number) => cuts.filter((cut) => score > cut).length;
  const strata = Array.from({ length: count }, (): Stratum => ({ left: 0, draws: 0, accepted: 0 }));
  for (const { score, isAccepted } of audits) {
    const stratum = strata[stratumOf(score)];
    if (!stratum) continue;
    stratum.draws++;
    stratum.accepted += Number(isAccepted);
  }
  for (const score of pendingScores) {
    const stratum = strata[stratumOf(score)];
    if (stratum) stratum.left++;
  }
  return mergedEmpty(strata);
}

/** Strata without a draw, where many scores are equal, join the one before. */
function mergedEmpty(strata: readonly Stratum[]): Stratum[] {
  const merged: Stratum[] = [];
  for (const stratum of strata) {
    const last = merged.at(-1);
    if (last && (stratum.draws === 0 || last.draws === 0)) {
      last.left += stratum.left;
      last.draws += stratum.draws;
      last.accepted += stratum.accepted;
    } else merged.push({ ...stratum });
  }
  return merged;
}
