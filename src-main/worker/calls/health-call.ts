import { checkHealth, type HealthObject } from '../../core/segment/describe/health.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';
import type { CallContext } from './call-context.ts';
import { openDescriptions } from './similar-call.ts';

/** Numbers of an entry, see `check-health`. */
const ENTRY = 8;

/** What is probably wrong among the objects of a segmentation that have been described. */
export async function checkSegmentation(
  { vectorsFile, entries }: CallOf<'check-health'>,
  { signal, report }: CallContext,
): Promise<ResultOf<'check-health'>> {
  const descriptions = await openDescriptions(vectorsFile);
  if (!descriptions) return { objectCount: 0, concepts: [], outlines: [], doubles: [] };
  const objects: HealthObject[] = [];
  const numbers = new Float64Array(new Uint8Array(entries).buffer);
  for (let at = 0; at < numbers.length; at += ENTRY) {
    const [maskId = 0, imageId = 0, concept = 0, score = 0, x = 0, y = 0, width = 1, height = 1] =
      numbers.subarray(at, at + ENTRY);
    const row = descriptions.rows.get(maskId);
    if (row !== undefined) objects.push({ row, maskId, imageId, concept, score, box: [x, y, width, height] });
  }
  const { concepts, outlines, doubles } = await checkHealth(descriptions, objects, {
    signal,
    onRows: (done, total) => report({ done, total }),
  });
  return {
    objectCount: objects.length,
    concepts: concepts.slice(0, MOST),
    outlines: outlines.slice(0, MOST),
    doubles: doubles.slice(0, MOST).map(({ maskIds: [one, other], similarity }) => ({
      maskIds: [one, other],
      similarity,
    })),
  };
}

/** Nobody looks through more of a list before the next check. */
const MOST = 5_000;
