import { fitClassifier, type Classifier, type Decision } from '../../core/segment/describe/classifier.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';
import { openDescriptions } from './similar-call.ts';

/** Objects; finer regions are not decided about. */
const OBJECT_LEVEL = 0;

/** What the decisions of a person suggest for all other objects of a segmentation. */
export async function predictDecisions({
  vectorsFile,
  concepts,
  reviews,
}: CallOf<'predict-decisions'>): Promise<ResultOf<'predict-decisions'>> {
  const descriptions = await openDescriptions(vectorsFile);
  if (!descriptions) return { concepts: null, reviews: null, entries: new Uint8Array() };
  const { maskIds, levels, rows } = descriptions;
  const toRows = (decisions: readonly { maskId: number; label: number }[]): Decision[] =>
    decisions.flatMap(({ maskId, label }) => {
      const row = rows.get(maskId);
      return row === undefined ? [] : [{ row, label }];
    });
  const classes = 1 + Math.max(0, ...concepts.map(({ label }) => label));
  const [ofConcepts, ofReviews] = [toRows(concepts), toRows(reviews)];
  const concept = fitClassifier(descriptions, ofConcepts, classes);
  const review = fitClassifier(descriptions, ofReviews, 2);
  const entries: number[] = [];
  for (let row = 0; row < maskIds.length; row++) {
    const maskId = maskIds[row] ?? 0;
    if (maskId === 0 || levels[row] !== OBJECT_LEVEL) continue;
    const [one, other] = [confident(concept, row), confident(review, row)];
    if (one || other)
      entries.push(
        maskId,
        one?.label ?? -1,
        one?.confidence ?? 0,
        other?.label ?? -1,
        other?.confidence ?? 0,
      );
  }
  return {
    concepts: concept && { ...learned(concept), decisions: ofConcepts.length },
    reviews: review && { ...learned(review), decisions: ofReviews.length },
    entries: new Uint8Array(Float64Array.from(entries).buffer),
  };
}

function confident(classifier: Classifier | null, row: number) {
  const predicted = classifier?.predict(row);
  return classifier && predicted && predicted.confidence >= classifier.minConfidence ? predicted : null;
}

const learned = ({ way, accuracy, baseline }: Classifier) => ({ way, accuracy, baseline });
