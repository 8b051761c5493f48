import { wholeSegmentation } from '../contract/event.ts';
import { segmentationFiles } from '../domain/data-layout.ts';
import { weightsOf } from '../domain/model-weights.ts';
import type { JobEnvironment, JobKindHandler } from './job-kind.ts';
import { segmentedWork } from './segmented-work.ts';

/** One large image takes seconds; fitting axes to wide features, a minute. */
const LIMITS = { silenceMs: 10 * 60_000 };

/** Describing images and masks by vectors: the worker computes them and keeps them in a file. */
export function describeKind(environment: JobEnvironment): JobKindHandler<'describe'> {
  const { store, layout, nowMs, publish } = environment;
  return {
    collectionOf: ({ segmentationId }) => store.segmentations.get(segmentationId)?.collectionId ?? null,
    limits: LIMITS,
    prepare: ({ segmentationId }) => {
      const { segmentation, model, images } = segmentedWork(environment, 'describe', segmentationId);
      return {
        kind: 'describe',
        ...images,
        settings: segmentation.settings,
        model: model ? weightsOf(model, layout.models) : null,
        vectorsFile: segmentationFiles(layout, segmentationId).vectors,
      };
    },
    answer: (ask, { spec: { segmentationId } }) => {
      switch (ask.kind) {
        case 'describe/images':
          // The list is read once, from its start: what changes from then on is counted.
          if (ask.afterId === 0) store.descriptions.begin(segmentationId);
          return { images: store.descriptions.images({ id: segmentationId, ...ask }) };
        case 'describe/shapes':
          return { shapes: store.descriptions.shapes(segmentationId, ask.imageId) };
        case 'describe/finish':
          store.descriptions.finish(segmentationId, ask, nowMs());
          publish(wholeSegmentation(segmentationId));
          return null;
        default:
          return ask satisfies never;
      }
    },
  };
}
