import { wholeSegmentation } from '../contract/event.ts';
import { userError } from '../contract/errors.ts';
import { segmentationFiles } from '../domain/data-layout.ts';
import { weightsOf } from '../domain/model-weights.ts';
import type { JobEnvironment, JobKindHandler } from './job-kind.ts';
import { segmentedWork } from './segmented-work.ts';

/** One large image takes seconds, and a head of many corrections a minute. */
const LIMITS = { silenceMs: 10 * 60_000 };

/** Proposing new foregrounds: the worker learns from corrections and cuts images, the store keeps what is proposed. */
export function recutKind(environment: JobEnvironment): JobKindHandler<'recut'> {
  const { store, layout, nowMs, publish } = environment;
  return {
    collectionOf: ({ segmentationId }) => store.segmentations.get(segmentationId)?.collectionId ?? null,
    limits: LIMITS,
    prepare: ({ segmentationId }) => {
      const { segmentation, model, images } = segmentedWork(environment, 'recut', segmentationId);
      if (!model) throw userError('corrections-need-encoder', { name: segmentation.name });
      return {
        kind: 'recut',
        ...images,
        // Regions stay as they are.
        settings: { ...segmentation.settings, keepsRegions: false },
        model: weightsOf(model, layout.models),
        modelFile: segmentationFiles(layout, segmentationId).model,
      };
    },
    answer: (ask, { spec: { segmentationId } }) => {
      const proposals = store.foregroundProposals;
      switch (ask.kind) {
        case 'recut/images':
          return { images: proposals.images({ id: segmentationId, ...ask }) };
        case 'recut/objects':
          return { objects: proposals.shapes({ segmentationId, imageId: ask.imageId }) };
        case 'recut/learned':
          return { isContinued: proposals.learned(segmentationId, ask.check) };
        case 'recut/save': {
          const { imageId, likeness } = ask;
          // The worker counts concepts from 0, people count them from 1.
          const objects = ask.masks?.map(({ level: _, concept, ...mask }) => ({
            ...mask,
            concept: concept === null ? null : concept + 1,
          }));
          proposals.save({ segmentationId, imageId, likeness, objects: objects ?? null });
          return null;
        }
        case 'recut/finish':
          proposals.finish(segmentationId, ask.cutCount, nowMs());
          publish(wholeSegmentation(segmentationId));
          return null;
        default:
          return ask satisfies never;
      }
    },
  };
}
