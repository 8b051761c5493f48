import { wholeSegmentation } from '../contract/event.ts';
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { phrase } from '../contract/error-texts/error-text.ts';
import { userError } from '../contract/errors.ts';
import type { SegmentationId } from '../contract/ids.ts';
import { isUnderWay } from '../contract/job-state.ts';
import type { Segmentation } from '../contract/segmentation.ts';
import type { MergedShard, WrittenRecipe } from '../contract/shard.ts';
import { modelFile, segmentationFiles } from '../domain/data-layout.ts';
import { nameBeside } from '../domain/name-beside.ts';
import { shardOf, type RecipeFacts, type RecipeImage, type ShardImage } from '../domain/recipe.ts';
import { outputFile } from '../jobs/output-files.ts';
import { finishSegmentation, saveSegmentedImage } from '../jobs/segmented-image.ts';
import { RecipeFile, writeRecipeFile } from '../store/recipe-file.ts';
import { ShardFile } from '../store/shard-file.ts';
import { fileHash } from './file-hash.ts';
import type { Service } from './service.ts';
import { makeFolder } from '../domain/make-folder.ts';

const PAGE = 1_000;
/** Images that are merged before the event loop has its turn: some ten milliseconds. */
const MERGED_AT_ONCE = 16;
/** Missing images that are named. */
const NAMED = 20;

type Merged = Pick<MergedShard, 'addedCount' | 'presentCount' | 'goneCount'>;

/** The part of shards that the machine with the collection does: making the recipe, and merging what comes back. */
export function shardHandlers(service: Service) {
  const { store, layout, queue } = service;

  const get = (id: SegmentationId): Segmentation => {
    const segmentation = store.segmentations.get(id);
    if (segmentation) return queue.current(segmentation);
    throw userError('no-segmentation', { id });
  };

  /** @throws UserError WRONG_STATE while a job changes its masks */
  const idle = (id: SegmentationId): Segmentation => {
    const segmentation = get(id);
    const { name, state } = segmentation;
    if (state === null || !isUnderWay(state)) return segmentation;
    throw userError('segmentation-active', { name, state: phrase(state) });
  };

  /** The segmentation that a recipe was made from. @throws UserError NOT_FOUND */
  const plannedBy = (recipeId: string, path: string): Segmentation => {
    for (const { id } of store.segmentations.list()) {
      if (recipeOf(service, id) === recipeId) return idle(id);
    }
    throw userError('shard-of-unknown-recipe', { path });
  };

  /** Gives all images of a content their masks, where they have none yet. */
  const merge = (id: SegmentationId, image: ShardImage, merged: Merged): void => {
    const { contentHash, problem, masks } = image;
    const same = store.shards.sameContent(id, contentHash);
    if (same.length === 0) merged.goneCount++;
    for (const { imageId, isDone } of same) {
      if (isDone) {
        merged.presentCount++;
      } else if (problem === null) {
        saveSegmentedImage(service, id, { imageId, contentHash, masks, isPreliminary: false });
        merged.addedCount++;
      } else {
        store.segmentations.unread.add({ segmentationId: id, imageId, detail: problem });
      }
    }
  };

  return {
    /**
     * Writes a recipe, and the weights of its encoder next to it.
     * @throws UserError WRONG_STATE until the collection has been learned, MODEL_UNAVAILABLE without its encoder, and as
     *   `outputFile`
     */
    async writeRecipe(request: {
      id: SegmentationId;
      path: string;
      count: number;
      overwrite: boolean;
    }): Promise<WrittenRecipe> {
      const path = outputFile(service, request.path, request);
      const segmentation = idle(request.id);
      const learned = await readFile(segmentationFiles(layout, request.id).model).catch(() => undefined);
      if (!learned || segmentation.foreground === null) throw userError('learned-gone');
      const images = recipeImages(service, request.id);
      const facts = recipeFacts(service, segmentation, { learned, images, count: request.count });
      await makeFolder(dirname(path));
      const weights = await copyWeights(service, facts, { ...request, folder: dirname(path) });
      const sizeBytes = await writeRecipeFile(path, { facts, learned, images });
      // The images are compared with the list again when shards come back.
      await writeRecipeFile(segmentationFiles(layout, request.id).recipe, { facts, learned, images });
      const { id, imageCount, shardCount } = facts;
      return { path, id, sizeBytes, segmentationId: request.id, shardCount, imageCount, weights };
    },

    /**
     * Gives images the masks of a shard; those that have final masks keep them, edited or not.
     * @throws UserError FILE_NOT_FOUND, FILE_UNUSABLE, NOT_FOUND for another data folder's, WRONG_STATE
     */
    async merge(path: string): Promise<MergedShard> {
      using shard = new ShardFile(path);
      const { recipeId, place } = shard.facts;
      const { id } = plannedBy(recipeId, path);
      const merged: Merged = { addedCount: 0, presentCount: 0, goneCount: 0 };
      let count = 0;
      for (const image of shard.images()) {
        merge(id, image, merged);
        if (++count % MERGED_AT_ONCE === 0) {
          service.publish(wholeSegmentation(id));
          await new Promise(setImmediate);
          // Somebody may have resumed it here meanwhile.
          idle(id);
        }
      }
      const missing = await missingOf(service, id);
      const isComplete = missing.count === 0;
      if (isComplete && get(id).finishedAtMs === null) finishSegmentation(service, id);
      service.publish(wholeSegmentation(id));
      return { segmentation: get(id), place, ...merged, missing, isComplete };
    },
  };
}

/** The id of the recipe that a segmentation was frozen as; undefined for none. */
function recipeOf({ layout }: Service, id: SegmentationId): string | undefined {
  using recipe = openOwnRecipe(layout, id);
  return recipe?.facts.id;
}

function openOwnRecipe(layout: Service['layout'], id: SegmentationId): RecipeFile | undefined {
  const path = segmentationFiles(layout, id).recipe;
  try {
    return new RecipeFile(path);
  } catch {
    // Most segmentations have none; one of another version is as good as none.
    return undefined;
  }
}

/** The images of a collection, one of each content, by path. */
function recipeImages({ store }: Service, segmentationId: SegmentationId): RecipeImage[] {
  const images: RecipeImage[] = [];
  for (let afterId = 0; ;) {
    const page = store.segmentations.toSegment({ segmentationId, afterId, limit: PAGE });
    images.push(...page);
    const last = page.at(-1);
    if (!last || page.length < PAGE) break;
    afterId = last.id;
  }
  images.sort((a, b) => (a.relPath < b.relPath ? -1 : Number(a.relPath > b.relPath)));
  const seen = new Set<string>();
  return images.filter(({ contentHash }) => !seen.has(contentHash) && seen.add(contentHash));
}

function recipeFacts(
  service: Service,
  segmentation: Segmentation,
  { learned, images, count }: { learned: Uint8Array; images: readonly RecipeImage[]; count: number },
): RecipeFacts {
  const { store } = service;
  const { name, collectionId, modelId, hasModel, foreground } = segmentation;
  const collection = store.collections.get(collectionId);
  if (!collection) throw userError('segmentation-collection-removed', { name });
  const model = modelId === null ? undefined : store.models.get(modelId);
  if (hasModel && !model) throw userError('segmentation-encoder-removed', { name });
  if (!foreground) throw userError('learned-gone');
  const { maxPixels, maxFileBytes } = service.settings();
  const decisions = {
    appVersion: service.options.version,
    settings: segmentation.settings,
    device: segmentation.device,
    limits: { maxPixels, maxFileBytes },
    brightness: collection.brightness,
    model: model
      ? {
          name: model.name,
          origin: model.origin,
          architecture: model.architecture,
          sha256: model.sha256,
          card: model.card,
          file: model.file,
        }
      : null,
  };
  return {
    ...decisions,
    id: recipeId(decisions, learned, images),
    name,
    collection: collection.name,
    rootPath: collection.rootPath,
    foreground,
    shardCount: count,
    imageCount: images.length,
    createdAtMs: service.nowMs(),
  };
}

/** The same for the same masks of the same images, however many shards they are divided into. */
function recipeId(decisions: object, learned: Uint8Array, images: readonly RecipeImage[]): RecipeFacts['id'] {
  const hash = createHash('sha256').update(JSON.stringify(decisions)).update(learned);
  for (const { contentHash } of images) hash.update(contentHash);
  // SHA-256 in hexadecimal digits.
  return hash.digest('hex') as RecipeFacts['id'];
}

/** Puts the weights of the encoder next to a recipe, unless they are there. @throws UserError ALREADY_EXISTS for other weights */
async function copyWeights(
  { layout, store }: Service,
  { model }: RecipeFacts,
  { folder, overwrite }: { folder: string; overwrite: boolean },
): Promise<WrittenRecipe['weights']> {
  if (model?.file == null || model.sha256 === null) return null;
  const { file, sha256 } = model;
  let path = join(folder, basename(file));
  if ((await fileHash(path)) !== sha256) {
    path = outputFile({ store, layout }, path, { overwrite });
    const partial = nameBeside(path, { suffix: `.${randomBytes(6).toString('hex')}.partial` });
    try {
      await copyFile(modelFile(layout.models, file), partial);
      await rename(partial, path);
    } catch (cause) {
      await rm(partial, { force: true });
      throw userError('recipe-weights-not-copied', { path }, { cause });
    }
  }
  return { path, sha256, sizeBytes: (await stat(path)).size };
}

/** The images of the recipe that have no masks yet, other than those that could not be read. */
async function missingOf(service: Service, id: SegmentationId): Promise<MergedShard['missing']> {
  const due = await dueContents(service, id);
  using recipe = openOwnRecipe(service.layout, id);
  const shardCount = recipe?.facts.shardCount ?? 1;
  const shards = new Map<number, { index: number; imageCount: number; missingCount: number }>();
  const relPaths: string[] = [];
  let count = 0;
  for (const { position, contentHash, relPath } of recipe?.images() ?? []) {
    const index = shardOf(position, shardCount);
    const shard = shards.get(index) ?? { index, imageCount: 0, missingCount: 0 };
    shards.set(index, shard);
    shard.imageCount++;
    if (!due.has(contentHash)) continue;
    shard.missingCount++;
    count++;
    if (relPaths.length < NAMED) relPaths.push(relPath);
  }
  const lacking = [...shards.values()].filter(({ missingCount }) => missingCount > 0);
  return { count, relPaths, shards: lacking, shardCount };
}

async function dueContents({ store }: Service, segmentationId: SegmentationId): Promise<Set<string>> {
  const due = new Set<string>();
  for (let afterId = 0; ;) {
    const page = store.shards.due({ segmentationId, afterId, limit: PAGE });
    for (const { contentHash, detail } of page) if (detail === null) due.add(contentHash);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return due;
    afterId = last.id;
    await new Promise(setImmediate);
  }
}
