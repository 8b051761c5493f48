import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CorrectionCheck } from '../../../contract/foreground-proposal.ts';
import { findForeground, iouOf } from '../foreground.ts';
import type { ForegroundExample } from './foreground-example.ts';
import { headLogits, type ForegroundHead } from './foreground-head.ts';
import type { ForegroundModel } from './learn-foreground.ts';
import { learnHead, type HeadExample } from './learn-head.ts';
import { HEAD_WEIGHTS } from './reliability.ts';

/**
 * An image of which a person has said what is foreground. `targets` is 1 inside of what they accepted; superpixels of
 * which nothing is known have an area of 0, so that they neither teach nor count.
 */
export type Correction = HeadExample &
  Pick<ForegroundExample, 'graph' | 'cues'> & {
    /** Whether everything is known of it: others teach, but no head is judged by them. */
    isSettled: boolean;
  };

export type CorrectOptions = {
  seed: number;
  signal?: AbortSignal;
  /** Called with the number of heads that are learned, and of all that will be. */
  onProgress?: (done: number, total: number) => void;
};

export type CorrectedForeground = {
  check: CorrectionCheck;
  /** How foregrounds are to be found from now on; null where that would not be better. */
  model: Pick<ForegroundModel, 'head' | 'weights'> | null;
};

/** With fewer, a mean over those that were left out says nothing. */
const MIN_CORRECTIONS = 5;
const FOLDS = 5;
/** Each of a few images is seen often, and each of hundreds still a few times. */
const STEPS = 100;
/** Shares of the corrections' own head in the log odds, that of the collection having the rest. */
const SHARES = [0.25, 0.5, 0.75, 1];

/**
 * Learns a head from the corrections of a person, and mixes it with that of the collection: by so much as predicts those
 * corrections best that did not teach it. The more there are, the more they count.
 * @param present how the masks that were corrected had been found
 * @param corrections in an order that is the same each time
 */
export async function learnFromCorrections(
  present: Pick<ForegroundModel, 'head' | 'weights'>,
  corrections: readonly Correction[],
  { seed, signal, onProgress }: CorrectOptions,
): Promise<CorrectedForeground> {
  const images = corrections.filter(({ isSettled }) => isSettled).length;
  if (images < MIN_CORRECTIONS) {
    return { check: { outcome: 'too-few', images, before: null, after: null }, model: null };
  }
  const learn = (some: readonly Correction[]) =>
    learnHead(some, { steps: STEPS, seed, ...(signal && { signal }) });
  const own = present.head ?? silentHead(corrections[0]?.dim ?? 0);
  const gains: number[][] = SHARES.map(() => []);
  const before: number[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    onProgress?.(fold, FOLDS + 1);
    const head = await learn(corrections.filter((_, at) => at % FOLDS !== fold));
    for (const held of corrections.filter(({ isSettled }, at) => isSettled && at % FOLDS === fold)) {
      await nextTurn();
      signal?.throwIfAborted();
      const known = overlap(held, present);
      before.push(known);
      SHARES.forEach((share, at) =>
        gains[at]?.push(overlap(held, { head: mixed(own, head, share), weights: HEAD_WEIGHTS }) - known),
      );
    }
  }
  const best = gains.reduce((most, some, at) => (mean(some) > mean(gains[most] ?? []) ? at : most), 0);
  const gain = gains[best] ?? [];
  const check = { images, before: mean(before), after: mean(before) + mean(gain) };
  if (mean(gain) <= standardError(gain)) return { check: { outcome: 'no-better', ...check }, model: null };
  onProgress?.(FOLDS, FOLDS + 1);
  const head = mixed(own, await learn(corrections), SHARES[best] ?? 1);
  return { check: { outcome: 'better', ...check }, model: { head, weights: HEAD_WEIGHTS } };
}

/** IoU of a correction with what is found without it, as far as the correction says anything. */
function overlap(
  correction: Correction,
  { head, weights }: Pick<ForegroundModel, 'head' | 'weights'>,
): number {
  const { graph, cues, targets, areas } = correction;
  const prior = head && headLogits(head, correction);
  const { selected } = findForeground(graph, cues, { weights, ...(prior && { prior }) });
  return iouOf(selected, targets, areas);
}

/** The head that answers with the log odds of both. */
function mixed(own: ForegroundHead, other: ForegroundHead, share: number): ForegroundHead {
  return {
    weights: own.weights.map((weight, d) => (1 - share) * weight + share * (other.weights[d] ?? 0)),
    bias: (1 - share) * own.bias + share * other.bias,
  };
}

/** It finds everything as likely as not. */
const silentHead = (dim: number): ForegroundHead => ({ weights: new Float32Array(dim), bias: 0 });

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);

function standardError(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)) / Math.max(values.length - 1, 1));
}
