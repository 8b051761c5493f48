import { wholeSegmentation } from '../contract/event.ts';
import { userError } from '../contract/errors.ts';
import { segmentationFiles } from '../domain/data-layout.ts';
import type { JobEnvironment, JobKindHandler } from './job-kind.ts';

/** A round over 300,000 points takes a second. */
const LIMITS = { silenceMs: 10 * 60_000 };

/** Laying out images and objects on a plane: the worker computes it and keeps it in a file. */
export function mapKind({ store, layout, nowMs, publish }: JobEnvironment): JobKindHandler<'map'> {
  return {
    collectionOf: ({ segmentationId }) => store.segmentations.get(segmentationId)?.collectionId ?? null,
    limits: LIMITS,
    prepare: ({ segmentationId }) => {
      const segmentation = store.segmentations.get(segmentationId);
      if (!segmentation) throw userError('segmentation-removed', { id: segmentationId });
      const description = store.descriptions.get(segmentationId);
      if (!description) throw userError('not-described', { name: segmentation.name });
      const files = segmentationFiles(layout, segmentationId);
      return {
        kind: 'map',
        vectorsFile: files.vectors,
        mapFile: files.map,
        checkpointFile: files.mapCheckpoint,
        describedAtMs: description.finishedAtMs,
        laidOutAtMs: nowMs(),
      };
    },
    // It asks only to be finished.
    answer: (_, { spec: { segmentationId } }) => {
      publish(wholeSegmentation(segmentationId));
      return null;
    },
  };
}
