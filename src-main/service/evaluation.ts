import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { userError } from '../contract/errors.ts';
import type { SegmentationId } from '../contract/ids.ts';
import type { MaskFileFormat } from '../contract/mask-import.ts';
import type { Evaluation, ImageScores, Segmentation } from '../contract/segmentation.ts';
import { quarterMeans, summariseObjects, type ScoredImage } from '../domain/evaluation-summary.ts';
import { givenPath } from '../domain/given-path.ts';
import { TRUTH_IMAGES } from '../domain/truth-images.ts';
import type { Store } from '../store/database.ts';
import { segmentationHandlers, truthFolderAt } from './segmentations.ts';
import type { Service } from './service.ts';

/** Rows per query: milliseconds. */
const PAGE = 256;
/** Images per call: seconds of work, so that the worker never seems stuck. */
const IMAGES_A_CALL = 8;

/**
 * Compares a segmentation with ground truth. Nothing that finds masks reads that folder; this does, and only this.
 * @throws UserError NOT_FOUND, FOLDER_NOT_FOUND, BAD_INPUT
 */
export async function evaluate(
  service: Service,
  { id, truth: path, format }: { id: SegmentationId; truth: string; format: MaskFileFormat | null },
): Promise<Evaluation> {
  const { store, calls } = service;
  const segmentation = segmentationHandlers(service).get(id);
  await using truth =
    format === null ? await picturesAt(path) : await unpack(service, segmentation, { path, format });
  const { folder, isUnpacked, problems } = truth;
  const scored: ScoredImage[] = [];
  const used = new Set<string>();
  let missingTruth = 0;
  let cursor: string | null = null;
  do {
    const list = { segmentationId: id, sort: 'path', isReversed: false } as const;
    const page = store.gallery.ids({ ...list, cursor, limit: IMAGES_A_CALL });
    const images = store.gallery.tiles(id, page.items).map(({ imageId, relPath }) => {
      const masks = store.segmentations
        .masksOf(id, imageId)
        .flatMap(({ id: maskId, score, level, review }) => {
          const shape = review === 'rejected' ? undefined : store.segmentations.shapeOf(maskId);
          return shape ? [{ shape, score, level }] : [];
        });
      return { imageId, relPath, masks };
    });
    const result = await calls.call({ kind: 'score-masks', truth: { folder, isUnpacked }, images });
    scored.push(...result.images);
    for (const name of result.usedNames) used.add(name);
    missingTruth += result.missingTruth;
    cursor = page.nextCursor;
  } while (cursor !== null);
  if (scored.length === 0) {
    const [first] = problems;
    const where = { path: givenPath(path) };
    if (first) throw userError('no-truth-problem', { ...where, name: first.name, detail: first.detail });
    throw userError(isUnpacked ? 'no-truth-names' : 'no-truth', where);
  }
  const missingImages = truth.names.filter((name) => !used.has(name));
  return summarise(scored, { missingImages, missingTruth, problems });
}

/** Ground truth that images can be compared with. */
type TruthSource = AsyncDisposable & {
  folder: string;
  isUnpacked: boolean;
  /** Of pictures, their names without extension; of files, the images that the segmentation does not have. */
  names: string[];
  problems: Evaluation['problems'];
};

async function picturesAt(path: string): Promise<TruthSource> {
  const folder = await truthFolderAt(path);
  const files = await readdir(join(folder, 'masks')).catch(() => readdir(folder));
  const names = files.filter((name) => name.endsWith('.png')).map((name) => parse(name).name);
  return { folder, isUnpacked: false, names, problems: [], [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function unpack(
  { calls, store }: Service,
  { id: segmentationId, collectionId }: Segmentation,
  { path, format }: { path: string; format: MaskFileFormat },
): Promise<TruthSource> {
  const collection = store.collections.get(collectionId);
  if (!collection) throw new Error(`segmentation ${segmentationId} has no collection`);
  const folder = await mkdtemp(join(tmpdir(), 'r2o-truth-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await writeFile(join(folder, TRUTH_IMAGES), imageLines(store, segmentationId));
    const { rootPath } = collection;
    const { missingImages: names, problems } = await calls.call({
      kind: 'unpack-truth',
      path: givenPath(path),
      format,
      folder,
      rootPath,
    });
    return { folder, isUnpacked: true, names, problems, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The images of a segmentation, page by page, as `TRUTH_IMAGES` has them. */
function* imageLines({ maskImports }: Store, segmentationId: SegmentationId): Generator<string> {
  for (let afterId = 0; ;) {
    const images = maskImports.images({ importId: null, segmentationId, afterId, limit: PAGE });
    const last = images.at(-1);
    if (!last) return;
    yield images.map((image) => `${JSON.stringify(image)}\n`).join('');
    afterId = last.imageId;
  }
}

function summarise(
  scored: readonly ScoredImage[],
  missing: Pick<Evaluation, 'missingImages' | 'missingTruth' | 'problems'>,
): Evaluation {
  const images = scored.map(({ scores }) => scores);
  const ranked = images.filter(({ iou }) => iou !== null).sort((a, b) => b.score - a.score);
  const half = Math.ceil(ranked.length / 2);
  const mean = (value: (image: ImageScores) => number | null, over: readonly ImageScores[] = images) => {
    const values = over.map(value).filter((one) => one !== null);
    return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;
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
