import { fitClassifier, type Classifier, type Decision } from '../../core/segment/describe/classifier.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';
import type { CallContext } from './call-context.ts';
import { openDescriptions } from './similar-call.ts';

/** Objects; finer regions are not decided about. */
const OBJECT_LEVEL = 0;

/** What the decisions of a person suggest for all other objects of a segmentation. */
export async function predictDecisions(
  { vectorsFile, concepts, reviews }: CallOf<'predict-decisions'>,
  { signal }: CallContext,
): Promise<ResultOf<'predict-decisions'>> {
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
  const concept = await fitClassifier(descriptions, ofConcepts, { classes, signal });
  const review = await fitClassifier(descriptions, ofReviews, { classes: 2, signal });
  const isObject = (row: number) => (maskIds[row] ?? 0) > 0 && levels[row] === OBJECT_LEVEL;
  const objects = Int32Array.from(maskIds.keys()).filter(isObject);
  const [byConcept, byReview] = [await confident(concept, objects), await confident(review, objects)];
  const entries: number[] = [];
  objects.forEach((row, at) => {
    const [one, other] = [byConcept[at], byReview[at]];
    if (one || other)
      entries.push(
        maskIds[row] ?? 0,
        one?.label ?? -1,
        one?.confidence ?? 0,
        other?.label ?? -1,
        other?.confidence ?? 0,
      );
  });
  return {
    concepts: concept && { ...learned(concept), decisions: ofConcepts.length },
    reviews: review && { ...learned(review), decisions: ofReviews.length },
    entries: new Uint8Array(Float64Array.from(entries).buffer),
  };
}

/** What is predicted of each row; null for what is not sure enough. */
async function confident(classifier: Classifier | null, rows: Int32Array) {
  if (!classifier) return [];
  const predicted = await classifier.predict(rows);
  return predicted.map((one) => (one.confidence >= classifier.minConfidence ? one : null));
}

const learned = ({ way, accuracy, baseline }: Classifier) => ({ way, accuracy, baseline });
