import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { userError } from '../contract/errors.ts';
import { ConceptId, ImageId, MaskId, type SegmentationId } from '../contract/ids.ts';
import type { Job } from '../contract/job.ts';
import { isOnHold, isOpen, statesThat } from '../contract/job-state.ts';
import type { MapOf, MapPoints, MapState } from '../contract/map.ts';
import type { Mask } from '../contract/mask.ts';
import { segmentationFiles } from '../domain/data-layout.ts';
import { unpackMap, type LaidMap } from '../domain/laid-map.ts';
import { outputFile, requireEnding } from '../jobs/output-files.ts';
import type { PointFacts } from '../store/map-points.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';
import { makeFolder } from '../domain/make-folder.ts';

/** Jobs that are open at once, many times over. */
const OPEN_JOBS = 500;
/** Points that are read from the database before others are served. */
const AT_ONCE = 5_000;
/** No map goes past them, but rounding may. */
const toFloat = (value: number | undefined) => Math.max(-1, Math.min(1, Number((value ?? 0).toFixed(5))));

type Point = { maskId: number; imageId: number; x: number; y: number; facts: PointFacts };
type PointPage = { laidOutAtMs: number; next: number | null; points: Point[] };

/** Objects and images as points of a plane. */
export function mapHandlers(service: Service) {
  const { store, queue, layout } = service;
  const segmentations = segmentationHandlers(service);
  const files = new LaidMaps();

  const openJob = (id: SegmentationId): Job | null =>
    store.jobs
      .page({ states: statesThat(isOpen), cursor: null, limit: OPEN_JOBS })
      .items.find(({ spec }) => spec.kind === 'map' && spec.segmentationId === id) ?? null;

  /** @throws UserError WRONG_STATE for a segmentation that has not been laid out */
  const mapOf = async (id: SegmentationId): Promise<LaidMap> => {
    const { name } = segmentations.get(id);
    const map = await files.read(segmentationFiles(layout, id).map);
    if (!map) throw userError('no-map', { name });
    return map;
  };

  const readPoints = async (
    id: SegmentationId,
    { of, from, limit }: { of: MapOf; from: number; limit: number },
  ): Promise<PointPage> => {
    const map = await mapOf(id);
    const { maskIds, imageIds, places } = map[of];
    const end = Math.min(maskIds.length, from + limit);
    const version = store.mapPoints.versionOf(segmentations.get(id).collectionId);
    const ids = [...(of === 'objects' ? maskIds : imageIds).subarray(from, end)];
    const facts = store.mapPoints[of]({ id, ids, version });
    const points = ids.flatMap((one, at) => {
      const known = facts.get(one);
      const row = from + at;
      if (!known) return [];
      const [x, y] = [toFloat(places[row * 2]), toFloat(places[row * 2 + 1])];
      return [{ maskId: maskIds[row] ?? 0, imageId: imageIds[row] ?? 0, x, y, facts: known }];
    });
    return { laidOutAtMs: map.laidOutAtMs, next: end < maskIds.length ? end : null, points };
  };

  return {
    async state(id: SegmentationId): Promise<MapState> {
      segmentations.get(id);
      const job = openJob(id);
      const description = store.descriptions.get(id);
      const map = await files.read(segmentationFiles(layout, id).map);
      return {
        map: map
          ? {
              objectCount: map.objects.maskIds.length,
              imageCount: map.images.maskIds.length,
              laidOutAtMs: map.laidOutAtMs,
              isOutdated: description?.finishedAtMs !== map.describedAtMs || description.changedCount > 0,
            }
          : null,
        job: job && queue.get(job.id),
      };
    },

    /** @throws UserError NOT_FOUND, WRONG_STATE for a segmentation that has not been described */
    layOut(id: SegmentationId): Job {
      const { name } = segmentations.get(id);
      if (!store.descriptions.get(id)) throw userError('not-described', { name });
      const job = openJob(id);
      if (!job) return queue.enqueue({ kind: 'map', segmentationId: id }, `Map ${name}`);
      return isOnHold(job.state) ? queue.resume(job.id) : queue.get(job.id);
    },

    /** @throws UserError NOT_FOUND, WRONG_STATE */
    async points(id: SegmentationId, query: { of: MapOf; from: number; limit: number }): Promise<MapPoints> {
      const { points, ...page } = await readPoints(id, query);
      return {
        ...page,
        maskIds: points.map(({ maskId }) => (maskId === 0 ? 0 : MaskId.parse(maskId))),
        imageIds: points.map(({ imageId }) => ImageId.parse(imageId)),
        x: points.map(({ x }) => x),
        y: points.map(({ y }) => y),
        conceptIds: points.map(({ facts: { conceptId } }) =>
          conceptId === null ? null : ConceptId.parse(conceptId),
        ),
        reviews: points.map(({ facts }) => facts.review),
        scores: points.map(({ facts }) => facts.score),
        splits: points.map(({ facts }) => facts.split),
      };
    },

    objects(id: SegmentationId, ids: readonly MaskId[]): (Mask & { relPath: string })[] {
      return ids.flatMap((maskId) => {
        const mask = store.segmentations.getMask(maskId);
        const image = mask?.segmentationId === id ? store.images.get(mask.imageId) : undefined;
        return mask && image ? [{ ...mask, relPath: image.relPath }] : [];
      });
    },

    /** @throws UserError NOT_FOUND, WRONG_STATE, BAD_INPUT, and as `outputFile` */
    async write(input: {
      id: SegmentationId;
      of: MapOf;
      path: string;
      overwrite: boolean;
    }): Promise<{ path: string; pointCount: number }> {
      const { id, of } = input;
      const out = outputFile(service, input.path, input);
      requireEnding(out, ['.csv', '.json']);
      const names = conceptNames(service, id);
      const all: Point[] = [];
      for (let from: number | null = 0; from !== null;) {
        const page: PointPage = await readPoints(id, { of, from, limit: AT_ONCE });
        all.push(...page.points);
        from = page.next;
        await new Promise(setImmediate);
      }
      const points = all.map(({ x, y, maskId, facts: { relPath, conceptId, review, score, split } }) => {
        const concept = conceptId === null ? null : (names.get(conceptId) ?? null);
        return { x, y, image: relPath, object: maskId, concept, review, score, split };
      });
      await makeFolder(dirname(out));
      await service.calls.call({ kind: 'write-map', out, of, points });
      return { path: out, pointCount: points.length };
    },
  };
}

/** The name of each concept, or its number; a merged one has that of the one it counts as. */
function conceptNames({ store }: Service, id: SegmentationId): Map<number, string> {
  const concepts = new Map(store.concepts.of(id).map((concept) => [concept.id, concept]));
  return new Map(
    [...concepts.values()].map((concept) => {
      const { name, number } = concepts.get(concept.mergedInto ?? concept.id) ?? concept;
      return [concept.id, name ?? `concept-${number}`];
    }),
  );
}

/** Reads maps; the one that was read last stays in memory, because a page reads it piece by piece. */
class LaidMaps {
  #kept: { key: string; map: Promise<LaidMap | undefined> } | undefined;

  /** @returns undefined for a file that is not there, is damaged, or is of another version of the app */
  async read(file: string): Promise<LaidMap | undefined> {
    const stats = await stat(file).catch(() => undefined);
    if (!stats) return undefined;
    const key = JSON.stringify([file, stats.mtimeMs, stats.size, stats.ino]);
    if (this.#kept?.key !== key) this.#kept = { key, map: readFile(file).then(unpackMap, () => undefined) };
    return this.#kept.map;
  }
}
