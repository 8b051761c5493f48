import { constants, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { userError } from '../contract/errors.ts';
import type { ImageId, SegmentationId } from '../contract/ids.ts';
import type { Job } from '../contract/job.ts';
import type { Segmentation } from '../contract/segmentation.ts';
import type { ShardPlace, WrittenShard } from '../contract/shard.ts';
import { modelFile, segmentationFiles } from '../domain/data-layout.ts';
import { givenPath } from '../domain/given-path.ts';
import type { RecipeFacts, ShardImage } from '../domain/recipe.ts';
import { outputFile } from '../jobs/output-files.ts';
import { keepShardTask, shardTaskOf, type ShardTask } from '../jobs/shard-task.ts';
import { RecipeFile } from '../store/recipe-file.ts';
import { writeShardFile } from '../store/shard-file.ts';
import { fileHash } from './file-hash.ts';
import type { segmentationHandlers } from './segmentations.ts';
import type { Service } from './service.ts';
import { makeFolderSync } from '../domain/make-folder.ts';

const PAGE = 1_000;
/** Images that could not be read, of those that are named. */
const NAMED = 20;
/** Every image is opened once, so that nothing is worth being kept. */
const CACHE_BYTES = 64 * 2 ** 20;

type OpenRequest = {
  recipe: string;
  place: ShardPlace;
  images?: string | undefined;
  weights?: string | undefined;
  skipsMissing: boolean;
  device?: string | undefined;
};

/**
 * The part of shards that any machine does, in a data folder that contains nothing else.
 *
 * [Note: A shard is a data folder] The images of a shard become a collection without a scan, what the recipe has
 * learned becomes that of a segmentation, and an ordinary job segments them: interrupted, it resumes as any other.
 */
export function shardWork(service: Service, segmentations: ReturnType<typeof segmentationHandlers>) {
  const { store, layout } = service;

  const taskHere = (): ShardTask => {
    const task = shardTaskOf(store);
    if (task) return task;
    throw userError('no-shard-here');
  };

  return {
    /**
     * Begins a shard, or resumes it.
     * @throws UserError FILE_NOT_FOUND, FILE_UNUSABLE for a recipe of another version, MODEL_UNAVAILABLE without the
     *   right weights, DEVICE_UNAVAILABLE, WRONG_STATE in a data folder that has been used for something else
     */
    async open(request: OpenRequest): Promise<{ segmentation: Segmentation; job: Job | null }> {
      const path = givenPath(request.recipe);
      using recipe = new RecipeFile(path);
      const { facts } = recipe;
      refuseOtherVersion(facts, service.options.version, path);
      const task = shardTaskOf(store) ?? (await begin(service, recipe, { ...request, recipe: path }));
      if (task.recipeId !== facts.id || !isSamePlace(task.place, request.place)) {
        throw userError('shard-work-of-another', { folder: layout.folder });
      }
      const { segmentationId } = task;
      keepShardTask(store, { ...task, skipsMissing: request.skipsMissing });
      const segmentation = segmentations.get(segmentationId);
      if (request.images !== undefined) {
        store.shards.moveRoot(segmentation.collectionId, givenPath(request.images));
      }
      const isDone = segmentation.finishedAtMs !== null && segmentation.unreadCount === 0;
      if (isDone) return { segmentation, job: null };
      return segmentations.resume({ id: segmentationId, isNewOnly: false });
    },

    /** Writes what has been found. @throws UserError WRONG_STATE until all images have had their turn */
    async write(request: { path: string; overwrite: boolean }): Promise<WrittenShard> {
      const { recipeId, place, segmentationId } = taskHere();
      const { finishedAtMs, device, ...segmentation } = segmentations.get(segmentationId);
      if (finishedAtMs === null) throw userError('shard-unfinished');
      const path = outputFile(service, request.path, request);
      const appVersion = service.options.version;
      const facts = { recipeId, appVersion, place, device, finishedAtMs };
      const unreadImages: WrittenShard['unreadImages'] = [];
      const note = ({ relPath, problem }: ShardImage) => {
        if (problem !== null && unreadImages.length < NAMED) unreadImages.push({ relPath, detail: problem });
      };
      const images = imagesOf(service, segmentationId, note);
      makeFolderSync(dirname(path));
      const { sizeBytes, maskCount } = await writeShardFile(path, { facts, images });
      const { imageCount, unreadCount } = segmentation;
      return { path, sizeBytes, place, imageCount, maskCount, unreadCount, unreadImages };
    },
  };
}

/** Masks of another version are others. */
function refuseOtherVersion({ appVersion }: RecipeFacts, version: string, path: string): void {
  if (appVersion !== version) throw userError('recipe-of-other-version', { path, appVersion, version });
}

const isSamePlace = (a: ShardPlace, b: ShardPlace) => a.index === b.index && a.count === b.count;

/** Makes the rows of a shard, all or none. */
async function begin(
  service: Service,
  recipe: RecipeFile,
  { recipe: path, place, weights, device: chosen, skipsMissing, images }: OpenRequest,
): Promise<ShardTask> {
  const { store, layout } = service;
  const { facts } = recipe;
  // A folder that somebody works with would be removed with the shard's work.
  if (store.collections.list().length + store.models.list().length > 0)
    throw userError('shard-work-of-another', { folder: layout.folder });
  const hasEncoder = facts.model !== null;
  const planned = hasEncoder ? facts.device : undefined;
  const device = await service.segmentingDevice({ id: chosen ?? planned, hasEncoder });
  await takeWeights(
    service,
    facts,
    weights === undefined ? dirname(path) : givenPath(weights),
    weights !== undefined,
  );
  const rootPath = givenPath(images ?? facts.rootPath);
  return store.together(() => insertAll(service, recipe, { place, rootPath, device, skipsMissing }));
}

type NewShard = { place: ShardPlace; rootPath: string; device: string; skipsMissing: boolean };

function insertAll(service: Service, recipe: RecipeFile, shard: NewShard): ShardTask {
  const { store, layout } = service;
  const { place, rootPath, device, skipsMissing } = shard;
  const { facts } = recipe;
  const createdAtMs = service.nowMs();
  store.settings.setAll({ ...facts.limits, decodedCacheBytes: CACHE_BYTES });
  const collectionId = store.collections.insert({ name: facts.collection, rootPath, createdAtMs });
  store.collections.setBrightness(collectionId, facts.brightness.setting);
  store.collections.addBrightnessRanges(collectionId, facts.brightness.measured);
  store.shards.insertImages(collectionId, recipe.images(place));
  const modelId = facts.model && store.models.insert({ ...facts.model, runId: null, createdAtMs });
  const { name, settings } = facts;
  const segmentationId = store.segmentations.insert({
    collectionId,
    modelId,
    name,
    settings,
    device,
    createdAtMs,
  });
  const learnedFile = segmentationFiles(layout, segmentationId).model;
  makeFolderSync(dirname(learnedFile));
  writeFileSync(learnedFile, recipe.learned());
  const task = { recipeId: facts.id, place, segmentationId, skipsMissing };
  keepShardTask(store, task);
  return task;
}

/**
 * Puts the weights of a recipe's encoder where models are.
 * @param place the file, or the folder in which the recipe is
 * @throws UserError MODEL_UNAVAILABLE where they are not there, or are others
 */
async function takeWeights(
  { layout }: Service,
  { model }: RecipeFacts,
  place: string,
  isFile: boolean,
): Promise<void> {
  if (model?.file == null || model.sha256 === null) return;
  const path = isFile ? place : join(place, model.file);
  const hash = await fileHash(path);
  const { name, sha256 } = model;
  if (hash === undefined) throw userError('recipe-weights-missing', { path, name });
  if (hash !== sha256) throw userError('recipe-weights-differ', { path, name, sha256 });
  const own = modelFile(layout.models, model.file);
  await copyFile(path, own, constants.COPYFILE_FICLONE);
}

/** The images of a shard with their masks, by id. */
async function* imagesOf(
  { store }: Service,
  id: SegmentationId,
  onImage: (image: ShardImage) => void,
): AsyncGenerator<ShardImage> {
  const numbers = new Map([...store.concepts.idsOf(id)].map(([number, conceptId]) => [conceptId, number]));
  const problems = problemsOf(store, id);
  for (let afterId = 0; ;) {
    const page = store.segmentations.toSegment({ segmentationId: id, afterId, limit: PAGE });
    for (const { id: imageId, contentHash, relPath, isDone } of page) {
      const problem = isDone ? null : (problems.get(imageId) ?? UNKNOWN);
      const masks = isDone ? masksOf(store, id, imageId, numbers) : [];
      const image = { contentHash, relPath, problem, masks };
      onImage(image);
      yield image;
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    afterId = last.id;
    await new Promise(setImmediate);
  }
}

const UNKNOWN = 'It was not segmented.';

function problemsOf({ shards }: Service['store'], segmentationId: SegmentationId): Map<ImageId, string> {
  const problems = new Map<ImageId, string>();
  for (let afterId = 0; ;) {
    const page = shards.due({ segmentationId, afterId, limit: PAGE });
    for (const { id, detail } of page) if (detail !== null) problems.set(id, detail);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return problems;
    afterId = last.id;
  }
}

/** In the order in which they were found, on which nothing depends but that every machine saves the same. */
function masksOf(
  { segmentations }: Service['store'],
  id: SegmentationId,
  imageId: ImageId,
  numbers: ReadonlyMap<number, number>,
): ShardImage['masks'] {
  const masks = segmentations.masksOf(id, imageId).toSorted((a, b) => a.id - b.id);
  return masks.flatMap(({ id: maskId, level, score, conceptId, box, areaPx }) => {
    const shape = segmentations.shapeOf(maskId);
    const concept = conceptId === null ? null : (numbers.get(conceptId) ?? null);
    return shape ? [{ level, score, concept, box, areaPx, shape }] : [];
  });
}
