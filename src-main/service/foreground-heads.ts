import { dirname } from 'node:path';
import { type UserError, userError } from '../contract/errors.ts';
import type { ImageId, SegmentationId } from '../contract/ids.ts';
import type { ExportedModel, Model } from '../contract/model.ts';
import type { ForegroundNote, HeadTeacher, HeatStyle, Segmentation } from '../contract/segmentation.ts';
import { segmentationFiles } from '../domain/data-layout.ts';
import { weightsOf } from '../domain/model-weights.ts';
import { outputFile, requirePictureEnding } from '../jobs/output-files.ts';
import { photoFile, type PhotoFile } from './photo-files.ts';
import { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';
import { makeFolder } from '../domain/make-folder.ts';

type Learned = { segmentation: Segmentation; model: Model; note: ForegroundNote };
type HeatRequest = { id: SegmentationId; imageId: ImageId };

/**
 * The answers of a segmentation's head for one of its images, coloured.
 * @returns WebP
 * @throws UserError NOT_FOUND, WRONG_STATE where there is no head, MODEL_UNAVAILABLE, IMAGE_UNAVAILABLE
 */
export async function drawHeat(service: Service, { id, imageId }: HeatRequest): Promise<Uint8Array> {
  const learned = placeOf(service, learnedHead(service, id));
  const { bytes } = await service.calls.call({
    kind: 'draw-heat',
    ...segmentedPhoto(service, { id, imageId }),
    learned,
  });
  return bytes;
}

/**
 * Writes them as PNG of the image's size.
 * @throws UserError as `drawHeat`, and FOLDER_OVERLAPS, ALREADY_EXISTS, DISK_FULL, FILE_UNUSABLE
 */
export async function writeHeat(
  service: Service,
  input: HeatRequest & { path: string; style: HeatStyle; overwrite: boolean },
): Promise<{ path: string }> {
  const out = outputFile(service, input.path, input);
  requirePictureEnding(out);
  const learned = placeOf(service, learnedHead(service, input.id));
  const photo = segmentedPhoto(service, input);
  const facts = service.store.images.get(input.imageId)?.facts;
  if (!facts) throw userError('no-image', { id: input.imageId });
  const { widthPx, heightPx } = facts;
  const { style } = input;
  await makeFolder(dirname(out));
  await service.calls.call({ kind: 'write-heat', ...photo, learned, out, style, widthPx, heightPx });
  return { path: out };
}

/**
 * Writes a segmentation's encoder with its head as one ONNX file, and a card.
 * @throws UserError NOT_FOUND, WRONG_STATE where there is no head, and as the worker's `exportHead`
 */
export async function exportHead(
  service: Service,
  input: { id: SegmentationId; path: string; overwrite: boolean; licence?: string | undefined },
): Promise<ExportedModel> {
  const path = outputFile(service, input.path, input);
  const learned = learnedHead(service, input.id);
  const { segmentation, model, note } = learned;
  const { modelFile } = placeOf(service, learned);
  const teacher = note.from === null ? undefined : service.store.segmentations.get(note.from);
  const { collectionId, name } = teacher ?? segmentation;
  await makeFolder(dirname(path));
  return await service.calls.call({
    kind: 'export-head',
    weights: weightsOf(model, service.layout.models),
    modelFile,
    facts: {
      segmentation: name,
      collection: service.store.collections.get(collectionId)?.name ?? '',
      encoder: model.name,
      architecture: model.architecture,
      licence: input.licence ?? model.card.licence,
      agreement: note.agreement,
      imageCount: teacher?.foreground?.imageCount ?? note.imageCount,
      inputPx: segmentation.settings.inputPx,
    },
    path,
    overwrite: input.overwrite,
  });
}

/**
 * The collections that taught a segmentation's head, and their images; none where it has no head.
 * @throws UserError NOT_FOUND
 */
export async function headTeachers(service: Service, id: SegmentationId): Promise<HeadTeacher[]> {
  const { store, calls, layout } = service;
  const { foreground, collectionId } = segmentationHandlers(service).get(id);
  if (foreground?.way !== 'head') return [];
  const { from, taughtBy } = foreground;
  const own = { segmentationId: id, collection: store.collections.get(collectionId)?.name ?? '' };
  const teachers = from === null ? [own, ...taughtBy] : taughtBy;
  const files = teachers.map(({ segmentationId }) => segmentationFiles(layout, segmentationId).lessons);
  const { taught } = await calls.call({ kind: 'list-lessons', files });
  return teachers.map((teacher, at) => ({ ...teacher, images: taught[at] ?? null }));
}

/** @throws UserError NOT_FOUND, WRONG_STATE with the reason for which there is no head, MODEL_UNAVAILABLE */
function learnedHead(service: Service, id: SegmentationId): Learned {
  const segmentation = segmentationHandlers(service).get(id);
  const { modelId, foreground: note, name } = segmentation;
  if (note?.way !== 'head') throw noHead(segmentation);
  const model = modelId === null ? undefined : service.store.models.get(modelId);
  if (model) return { segmentation, model, note };
  throw userError('segmentation-model-removed', { name });
}

function noHead({ name, foreground }: Segmentation): UserError {
  const way = foreground?.way;
  if (way === undefined || way === 'head') {
    return userError('nothing-learned-yet', { name });
  }
  return userError(`no-head-${way}`, { name });
}

/** Where a worker finds a head, and the encoder that it was learned with. */
function placeOf(service: Service, { segmentation, model }: Learned) {
  return {
    modelFile: segmentationFiles(service.layout, segmentation.id).model,
    model: weightsOf(model, service.layout.models),
    settings: segmentation.settings,
    device: segmentation.device,
  };
}

/** The image as it was segmented. */
function segmentedPhoto(service: Service, { id, imageId }: HeatRequest): PhotoFile {
  const segmented = service.store.segmentations.contentOf(id, imageId);
  if (!segmented) {
    throw userError('no-probabilities', { imageId, id });
  }
  const photo = photoFile(service, imageId);
  if (photo.contentHash === segmented) return photo;
  throw userError(
    'image-changed',
    { path: photo.file.relPath },
    { action: { kind: 'resume-segmentation', segmentationId: id } },
  );
}
