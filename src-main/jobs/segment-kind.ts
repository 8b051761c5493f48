import { wholeSegmentation } from '../contract/event.ts';
import { type UserError, userError } from '../contract/errors.ts';
import type { ModelId, SegmentationId } from '../contract/ids.ts';
import { isSameEncoder, weightsOf } from '../domain/model-weights.ts';
import type { Segmentation } from '../contract/segmentation.ts';
import { conceptColour } from '../domain/concept-colour.ts';
import { readingFolder, segmentationFiles } from '../domain/data-layout.ts';
import type { AskOf } from '../worker/protocol/ask.ts';
import type { JobEnvironment, JobKindHandler } from './job-kind.ts';
import { finishSegmentation, saveSegmentedImage } from './segmented-image.ts';
import { shardTaskOf } from './shard-task.ts';
import { workerCache, workerLimits } from './worker-settings.ts';

/** One large image takes seconds; learning from a large collection, minutes. */
const LIMITS = { graceMs: 60_000, silenceMs: 10 * 60_000 };
/** Of more other collections than these, neither heads nor lessons are used. */
const MAX_HEADS = 8;

/** Segmenting a collection: the worker cuts images, the store keeps concepts and masks. */
export function segmentKind(environment: JobEnvironment): JobKindHandler<'segment'> {
  const { store, layout } = environment;
  const onSegmentation = (segmentationId: SegmentationId) =>
    environment.publish(wholeSegmentation(segmentationId));

  const segmentationOf = (id: SegmentationId): Segmentation => {
    const segmentation = store.segmentations.get(id);
    if (segmentation) return segmentation;
    throw userError('segmentation-removed', { id });
  };

  const hasSameEncoder = (a: ModelId | null, b: ModelId | null): boolean => {
    const [one, other] = [a, b].map((id) => (id === null ? undefined : store.models.get(id)));
    return one !== undefined && other !== undefined && isSameEncoder(one, other);
  };

  /** The latest finished segmentation of each other collection that taught the same encoder in the same way. */
  const headsFor = ({ modelId, collectionId, settings }: Segmentation) => {
    const teaching = store.segmentations
      .list()
      .filter(
        (other) =>
          other.collectionId !== collectionId &&
          other.state === 'done' &&
          other.foreground?.way === 'head' &&
          other.foreground.from === null &&
          hasSameEncoder(other.modelId, modelId),
      );
    const isLatest = ({ collectionId: taught }: Segmentation, at: number) =>
      teaching.findIndex((other) => other.collectionId === taught) === at;
    return teaching
      .filter(isLatest)
      .slice(0, MAX_HEADS)
      .map((other) => {
        const { model, lessons } = segmentationFiles(layout, other.id);
        return {
          segmentationId: other.id,
          collection: store.collections.get(other.collectionId)?.name ?? '',
          taughtBy: other.foreground?.taughtBy ?? [],
          imageCount: other.foreground?.imageCount ?? 0,
          modelFile: model,
          // Features of another input size are others.
          lessonsFile: other.settings.inputPx === settings.inputPx ? lessons : null,
        };
      });
  };

  const saveImage = (ask: AskOf<'segment/save'>, id: SegmentationId): null => {
    const masks = ask.masks.map(({ concept, ...mask }) => ({
      ...mask,
      concept: concept === null ? null : numberOf(concept),
    }));
    saveSegmentedImage(environment, id, { ...ask, masks });
    onSegmentation(id);
    return null;
  };

  /** Once they are there, concepts are people's: one that they delete does not come back with the next images. */
  const saveConcepts = (count: number, { id, foreground }: Segmentation): null => {
    if (foreground !== null) return null;
    const existing = store.concepts.idsOf(id);
    for (let cluster = 0; cluster < count; cluster++) {
      const number = numberOf(cluster);
      if (existing.has(number)) continue;
      const colour = conceptColour(number);
      store.segmentations.insertConcept({
        segmentationId: id,
        number,
        name: null,
        colour,
        isBackground: false,
      });
    }
    onSegmentation(id);
    return null;
  };

  return {
    collectionOf: ({ segmentationId }) => store.segmentations.get(segmentationId)?.collectionId ?? null,
    limits: LIMITS,
    prepare: ({ segmentationId, isNewOnly = false, isLearningOnly = false }) => {
      const segmentation = segmentationOf(segmentationId);
      const collection = store.collections.get(segmentation.collectionId);
      if (!collection) {
        throw userError('segmentation-collection-removed', { name: segmentation.name });
      }
      const { modelId, hasModel } = segmentation;
      if (hasModel && modelId === null) throw modelRemoved(segmentation);
      const model = modelId === null ? undefined : store.models.get(modelId);
      const settings = environment.settings();
      const learned = segmentationFiles(layout, segmentationId);
      return {
        kind: 'segment',
        rootPath: collection.rootPath,
        limits: workerLimits(settings, collection.brightness),
        cache: workerCache(settings, layout),
        readingFolder: readingFolder(layout.cache, `segment-${segmentationId}`),
        segmentationId,
        isNewOnly,
        isLearningOnly,
        absent: absentOf(store),
        settings: segmentation.settings,
        device: segmentation.device,
        model: model ? weightsOf(model, layout.models) : null,
        modelFile: learned.model,
        lessonsFile: learned.lessons,
        heads: headsFor(segmentation),
      };
    },
    answer: (ask, { spec: { segmentationId, isNewOnly = false } }) => {
      const segmentation = segmentationOf(segmentationId);
      switch (ask.kind) {
        case 'segment/images':
          return {
            images: store.segmentations
              .toSegment({ segmentationId, afterId: ask.afterId, limit: ask.limit })
              .map(({ isNew, isDone, ...image }) => ({ ...image, isDone: isNewOnly ? !isNew : isDone })),
          };
        case 'segment/learned':
          store.segmentations.unread.clear(segmentationId);
          // In this order: a service that is killed in between makes the missing concepts when the job is resumed.
          saveConcepts(ask.conceptCount, segmentation);
          store.segmentations.setForeground(segmentationId, ask.foreground);
          return null;
        case 'segment/save':
          return saveImage(ask, segmentationId);
        case 'segment/unread':
          store.segmentations.unread.add({ segmentationId, imageId: ask.imageId, detail: ask.detail });
          onSegmentation(segmentationId);
          return null;
        case 'segment/finish':
          finishSegmentation(environment, segmentationId);
          onSegmentation(segmentationId);
          return null;
        default:
          return ask satisfies never;
      }
    },
  };
}

/** The images of a shard are wherever its machine has them; all others, where a scan has found them. */
function absentOf(store: JobEnvironment['store']): 'refuse' | 'skip' | null {
  const task = shardTaskOf(store);
  if (!task) return null;
  return task.skipsMissing ? 'skip' : 'refuse';
}

/** Without its encoder, a segmentation would become another one. */
function modelRemoved({ name }: Segmentation): UserError {
  return userError('segmentation-encoder-removed', { name });
}

/** The number of a cluster's concept: the worker counts clusters from 0, people count concepts from 1. */
const numberOf = (cluster: number): number => cluster + 1;
