import { stat } from 'node:fs/promises';
import { keyOf } from '../../core/segment/describe/description-builder.ts';
import { readDescriptions, type Descriptions } from '../../core/segment/describe/description-file.ts';
import { nearestRows } from '../../core/segment/describe/nearest.ts';
import type { CallOf, ResultOf } from '../protocol/call.ts';

/** The images or masks whose vectors are nearest to those of one, without itself; masks of the same level. */
export async function findSimilar({
  vectorsFile,
  of,
  limit,
}: CallOf<'find-similar'>): Promise<ResultOf<'find-similar'>> {
  const descriptions = await openDescriptions(vectorsFile);
  if (!descriptions) return { found: null };
  const { vectors, dim, maskIds, imageIds, levels, rows } = descriptions;
  const isOfMask = 'maskId' in of;
  const query = rows.get(keyOf({ maskId: 0, imageId: 0, ...of }));
  if (query === undefined) return { found: null };
  const level = levels[query];
  const found = nearestRows(descriptions, vectors.subarray(query * dim, (query + 1) * dim), {
    limit,
    isCandidate: (row) => row !== query && (maskIds[row] ?? 0) > 0 === isOfMask && levels[row] === level,
  });
  return {
    found: found.map(({ row, similarity }) => ({
      id: (isOfMask ? maskIds[row] : imageIds[row]) ?? 0,
      // Rounding may lead past 1.
      similarity: Math.max(-1, Math.min(1, similarity)),
    })),
  };
}

/** Descriptions with the row of each key, see `keyOf`. */
type IndexedDescriptions = Descriptions & { rows: ReadonlyMap<number, number> };

let kept: { key: string; descriptions: Promise<IndexedDescriptions | undefined> } | undefined;

/** Those that were used last stay in memory: one search follows another. */
export async function openDescriptions(file: string): Promise<IndexedDescriptions | undefined> {
  const stats = await stat(file).catch(() => undefined);
  if (!stats) return undefined;
  const key = JSON.stringify([file, stats.mtimeMs, stats.size, stats.ino]);
  if (kept?.key !== key) kept = { key, descriptions: readIndexed(file) };
  return kept.descriptions;
}

async function readIndexed(file: string): Promise<IndexedDescriptions | undefined> {
  const descriptions = await readDescriptions(file);
  if (!descriptions) return undefined;
  const { maskIds, imageIds } = descriptions;
  const rows = new Map<number, number>();
  maskIds.forEach((maskId, row) => rows.set(keyOf({ maskId, imageId: imageIds[row] ?? 0 }), row));
  return { ...descriptions, rows };
}
