import type { ClickAnswer, ClickRequest } from '../contract/click-seeds.ts';
import { UserError, userError } from '../contract/errors.ts';
import type { Segmentation } from '../contract/segmentation.ts';
import { weightsOf, type ModelWeights } from '../domain/model-weights.ts';
import { photoFile, type PhotoFile } from './photo-files.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';

type ImageKey = Pick<ClickRequest, 'id' | 'imageId'>;
type Grid = { widthPx: number; heightPx: number };

/**
 * What clicks on an image of a segmentation may mean, by the encoder that it was segmented with, or by its colours alone
 * where there is none (any more).
 * @throws UserError NOT_FOUND, IMAGE_UNAVAILABLE
 */
export async function answerClicks(
  service: Service,
  { id, imageId, given, isNested }: ClickRequest,
): Promise<ClickAnswer> {
  const segmentation = segmentationHandlers(service).get(id);
  const photo = segmentedPhoto(service, { id, imageId });
  const grid = gridOf(service, { id, imageId });
  const ask = async (model: ModelWeights | null) => {
    const { settings, device } = segmentation;
    const segmented = { model, settings, device };
    return service.calls.call({ kind: 'segment-clicks', ...photo, ...grid, segmented, given, isNested });
  };
  const { answers, best } = await withoutGoneModel(ask, encoderOf(service, segmentation));
  return {
    answers: answers.map(({ shape, areaPx }) => ({
      counts: Buffer.from(shape.rle).toString('latin1'),
      areaPx,
    })),
    best,
  };
}

/** Asks again without the encoder where its file is gone: colours alone still give an object. */
async function withoutGoneModel<T>(
  ask: (model: ModelWeights | null) => Promise<T>,
  model: ModelWeights | null,
): Promise<T> {
  try {
    return await ask(model);
  } catch (error) {
    if (model && error instanceof UserError && error.code === 'MODEL_UNAVAILABLE') return ask(null);
    throw error;
  }
}

function encoderOf({ store, layout }: Service, { modelId }: Segmentation): ModelWeights | null {
  const model = modelId === null ? undefined : store.models.get(modelId);
  return model ? weightsOf(model, layout.models) : null;
}

/** The photo, if it still is the one that was segmented. */
function segmentedPhoto(service: Service, { id, imageId }: ImageKey): PhotoFile {
  const segmented = service.store.segmentations.contentOf(id, imageId);
  if (!segmented) throw userError('not-segmented-yet', { imageId, id });
  const photo = photoFile(service, imageId);
  if (photo.contentHash === segmented) return photo;
  const action = { kind: 'resume-segmentation', segmentationId: id } as const;
  throw userError('image-changed', { path: photo.file.relPath }, { action });
}

/** The grid of the image's masks; of the image itself where it has none. */
function gridOf({ store }: Service, { id, imageId }: ImageKey): Grid {
  const [first] = store.segmentations.masksOf(id, imageId);
  const shape = first && store.segmentations.shapeOf(first.id);
  const facts = store.images.get(imageId)?.facts;
  if (shape) return { widthPx: shape.gridWidth, heightPx: shape.gridHeight };
  if (facts) return { widthPx: facts.widthPx, heightPx: facts.heightPx };
  throw userError('not-segmented-yet', { imageId, id });
}
