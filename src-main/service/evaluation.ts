import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { UserError } from '../contract/errors.ts';
import type { SegmentationId } from '../contract/ids.ts';
import type { Evaluation, ImageScores } from '../contract/segmentation.ts';
import { quarterMeans, summariseObjects, type ScoredImage } from '../contract/evaluation-summary.ts';
import { segmentationHandlers, truthFolderAt } from './segmentations.ts';
import type { Service } from './service.ts';

/** Images a call: seconds of work, so that the worker never looks stuck. */
const IMAGES_A_CALL = 8;

/**
 * Compares a segmentation with ground truth. Nothing that finds masks reads that folder; this does, and only this.
 * @throws UserError NOT_FOUND, FOLDER_NOT_FOUND, BAD_INPUT
 */
export async function evaluate(
  service: Service,
  { id, truth }: { id: SegmentationId; truth: string },
): Promise<Evaluation> {
  const { store, calls } = service;
  segmentationHandlers(service).get(id);
  const truthFolder = await truthFolderAt(truth);
  const scored: ScoredImage[] = [];
  const segmented = new Set<string>();
  let missingTruth = 0;
  let cursor: string | null = null;
  do {
    const page = store.gallery.page({ segmentationId: id, sort: 'path', cursor, limit: IMAGES_A_CALL });
    const images = page.items.map(({ imageId, relPath }) => {
      segmented.add(parse(relPath).name);
      const masks = store.segmentations
        .masksOf(id, imageId)
        .flatMap(({ id: maskId, score, level, review }) => {
          const shape = review === 'rejected' ? undefined : store.segmentations.shapeOf(maskId);
          return shape ? [{ shape, score, level }] : [];
        });
      return { relPath, masks };
    });
    const result = await calls.call({ kind: 'score-masks', truthFolder, images });
    scored.push(...result.images);
    missingTruth += result.missingTruth;
    cursor = page.nextCursor;
  } while (cursor !== null);
  if (scored.length === 0) {
    throw new UserError('BAD_INPUT', `No file in ${truthFolder} has the name of a segmented image.`, {
      hint: 'Truth for photo.jpg is masks/photo.png, or photo.png in the folder itself.',
    });
  }
  const missingImages = (await truthNames(truthFolder)).filter((name) => !segmented.has(name));
  return summarise(scored, { missingImages, missingTruth });
}

function summarise(
  scored: readonly ScoredImage[],
  missing: Pick<Evaluation, 'missingImages' | 'missingTruth'>,
): Evaluation {
  const images = scored.map(({ scores }) => scores);
  const ranked = images.filter(({ iou }) => iou !== null).sort((a, b) => b.score - a.score);
  const half = Math.ceil(ranked.length / 2);
  const mean = (value: (image: ImageScores) => number | null, over: readonly ImageScores[] = images) => {
    const values = over.map(value).filter((known) => known !== null);
    return values.length === 0 ? null : values.reduce((sum, known) => sum + known, 0) / values.length;
  };
  const objects = scored.flatMap((image) => (image.objects ? [image.objects] : []));
  return {
    images,
    totals: {
      imageCount: images.length,
      iou: mean(({ iou }) => iou),
      meanIou: mean(({ meanIou }) => meanIou),
      accuracy: mean(({ accuracy }) => accuracy),
      corLoc: mean(({ isLocated }) => (isLocated === null ? null : Number(isLocated))),
      boundaryF: mean(({ boundaryF }) => boundaryF),
      bestRegion: mean(({ bestRegion }) => bestRegion),
      bestUnion: mean(({ bestUnion }) => bestUnion),
      iouTopHalf: mean(({ iou }) => iou, ranked.slice(0, half)),
      iouBottomHalf: mean(({ iou }) => iou, ranked.slice(half)),
      iouQuarters: quarterMeans(ranked.map(({ iou }) => iou ?? 0)),
    },
    objects: objects.length === 0 ? null : summariseObjects(objects),
    ...missing,
  };
}

async function truthNames(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'masks')).catch(() => readdir(folder));
  return names.filter((name) => name.endsWith('.png')).map((name) => parse(name).name);
}
