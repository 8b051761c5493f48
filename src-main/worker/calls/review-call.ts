import type { JudgedFacts } from '../../core/segment/describe/acceptance-model.ts';
import { planReview, type ReviewCandidate } from '../../core/segment/describe/review-plan.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';
import type { CallContext } from './call-context.ts';
import { openDescriptions } from './similar-call.ts';

/** Numbers of an entry, see `plan-review`. */
const ENTRY = 7;
const PENDING = 2;

/** What a person is asked about next. */
export async function planNextReview(
  { vectorsFile, entries, count, seed }: CallOf<'plan-review'>,
  { signal }: CallContext,
): Promise<ResultOf<'plan-review'>> {
  const descriptions = vectorsFile === null ? undefined : await openDescriptions(vectorsFile);
  const candidates: ReviewCandidate[] = [];
  const decisions: JudgedFacts[] = [];
  const numbers = new Float64Array(new Uint8Array(entries).buffer);
  for (let at = 0; at < numbers.length; at += ENTRY) {
    const [maskId = 0, imageId = 0, concept = 0, score = 0, areaPx = 1, review = PENDING, drawn = 0] =
      numbers.subarray(at, at + ENTRY);
    const row = descriptions?.rows.get(maskId) ?? -1;
    const isAudited = drawn === 1;
    if (review === PENDING || isAudited)
      candidates.push({ row, maskId, imageId, concept, score, areaPx, isAudited });
    if (review !== PENDING) decisions.push({ row, maskId, score, areaPx, isAccepted: review === 1 });
  }
  return await planReview(descriptions ?? { vectors: new Float32Array(), dim: 0 }, candidates, decisions, {
    count,
    seed,
    signal,
  });
}
