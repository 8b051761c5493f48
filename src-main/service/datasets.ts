import { phrase, phraseList } from '../contract/error-texts/error-text.ts';
import type {
  ContentsQuery,
  Dataset,
  DatasetContent,
  DatasetCounts,
  DatasetDiff,
  DatasetRecipe,
  DatasetVersionDetail,
  Split,
} from '../contract/dataset.ts';
import { type UserError, userError } from '../contract/errors.ts';
import type { DatasetVersionId, SegmentationId } from '../contract/ids.ts';
import type { Segmentation } from '../contract/segmentation.ts';
import type { Page } from '../store/cursor.ts';
import type { DatasetImage, SourceConcept } from '../store/dataset-rows.ts';
import { planClasses, type ClassPlan } from './dataset-classes.ts';
import { diffVersions } from './dataset-diff.ts';
import { lookAlikeKeys } from './look-alike-keys.ts';
import { ImageSplitter, type SplitOf } from './dataset-split.ts';
import type { Service } from './service.ts';

/** Images copied in one transaction: some milliseconds, so that the process stays responsive in between. */
const CHUNK = 16;

/** Datasets as clients handle them: versions are built in small steps, frozen, compared and removed. */
export function datasetHandlers(service: Service) {
  const { store } = service;

  const version = (id: DatasetVersionId): DatasetVersionDetail => {
    const found = store.datasets.version(id);
    if (found) return found;
    throw userError('no-version', { id });
  };

  return {
    version,

    list: (): Dataset[] => store.datasets.list(),

    /** Builds and freezes a version; a dataset of that name gets it as its next one. */
    async create(input: { name: string; recipe: DatasetRecipe }): Promise<DatasetVersionDetail> {
      // What a process left behind that ended while it built or removed a version.
      await sweep(service);
      const { name, recipe } = input;
      const plan = planClasses(sourceConcepts(service, recipe), recipe);
      const id = store.datasets.begin({ name, recipe, nowMs: service.nowMs() });
      try {
        const counts = await build(service, { id, recipe, plan });
        if (counts.images === 0) throw emptyDataset(name, counts);
        dropSpare(plan, counts);
        store.datasets.addClasses(id, plan.classes);
        store.datasets.freeze(id, counts);
        service.publish({ type: 'datasets' });
      } catch (error) {
        store.datasets.markRemoved(id);
        await sweep(service);
        throw error;
      }
      return version(id);
    },

    /** @throws UserError NOT_FOUND, BAD_INPUT */
    contents(query: ContentsQuery): Page<DatasetContent> {
      version(query.id);
      return store.versionContents.page(query);
    },

    diff: (input: { from: DatasetVersionId; to: DatasetVersionId }): Promise<DatasetDiff> =>
      diffVersions(store, version(input.from), version(input.to)),

    /** Removes a version; exports made from it stay where they are. */
    async remove(id: DatasetVersionId): Promise<null> {
      version(id);
      store.datasets.markRemoved(id);
      service.publish({ type: 'datasets' });
      await sweep(service);
      return null;
    },
  };
}

/** Removes what is marked for it. */
async function sweep({ store }: Service): Promise<void> {
  while (!store.datasets.removeChunk()) await breathe();
}

const breathe = () => new Promise(setImmediate);

/**
 * The concepts of all segmentations that a recipe takes masks from.
 * @throws UserError NOT_FOUND, or BAD_INPUT for two segmentations of one collection
 */
export function sourceConcepts(service: Service, { segmentationIds }: DatasetRecipe): SourceConcept[] {
  refuseSharedCollection(segmentationIds.map((id) => segmentationOrThrow(service, id)));
  return segmentationIds.flatMap((id) => service.store.datasetRows.concepts(id));
}

function segmentationOrThrow({ store }: Service, id: SegmentationId): Segmentation {
  const found = store.segmentations.get(id);
  if (found) return found;
  throw userError('no-segmentation-for-dataset', { id });
}

function refuseSharedCollection(segmentations: readonly Segmentation[]): void {
  const collections = segmentations.map(({ collectionId }) => collectionId);
  if (new Set(collections).size === collections.length) return;
  throw userError('dataset-shared-collection');
}

function emptyDataset(name: string, { leftOut }: DatasetCounts): UserError {
  const reasons = [
    leftOut.empty > 0 ? phrase('no-passing-masks', { count: leftOut.empty }) : undefined,
    leftOut.changed > 0 ? phrase('changed-since', { count: leftOut.changed }) : undefined,
    leftOut.missing > 0 ? phrase('missing-images', { count: leftOut.missing }) : undefined,
    leftOut.hidden > 0 ? phrase('hidden-images', { count: leftOut.hidden }) : undefined,
  ].filter((reason) => reason !== undefined);
  const why = reasons.length === 0 ? phrase('no-finished-images') : phraseList(reasons);
  return userError('dataset-empty', { name, why });
}

type Build = { id: DatasetVersionId; recipe: DatasetRecipe; plan: ClassPlan };

async function build(service: Service, { id, recipe, plan }: Build): Promise<DatasetCounts> {
  const none = () => ({ images: 0, masks: 0 });
  const counts: DatasetCounts = {
    ...none(),
    splits: { train: none(), val: none(), test: none() },
    leftOut: { changed: 0, missing: 0, empty: 0, hidden: 0 },
    classes: plan.classes.map(({ number }) => ({ number, train: 0, val: 0, test: 0 })),
  };
  for (const segmentationId of recipe.segmentationIds) {
    await copySegmentation(service, { id, recipe, plan, segmentationId, counts });
  }
  await shareOut(service, { id, recipe, counts });
  return counts;
}

/** Training code makes an output of every class: one that nothing can be in is left out. */
function dropSpare({ classes, spare }: ClassPlan, counts: DatasetCounts): void {
  const masks = counts.classes.find(({ number }) => number === spare);
  if (!masks || masks.train + masks.val + masks.test > 0 || classes.length === 1) return;
  classes.pop();
  counts.classes.pop();
}

async function copySegmentation(
  { store }: Service,
  step: Build & { segmentationId: SegmentationId; counts: DatasetCounts },
): Promise<void> {
  const { id, recipe, plan, segmentationId, counts } = step;
  for (let afterId = 0; ;) {
    const files = store.datasetRows.sources({ segmentationId, afterId, limit: CHUNK });
    const copied = store.datasetRows.copyImages({
      versionId: id,
      segmentationId,
      filter: recipe,
      keepEmptyImages: recipe.keepEmptyImages,
      imageIds: files.filter(({ state }) => state === 'same').map(({ imageId }) => imageId),
      classOf: plan.numberOf,
    });
    for (const { state } of files) if (state !== 'same') counts.leftOut[state]++;
    for (const { isKept } of copied) if (!isKept) counts.leftOut.empty++;
    const last = files.at(-1);
    if (!last) return;
    afterId = last.imageId;
    await breathe();
  }
}

/** The split needs all images at once: of each, its keys and nothing else. */
async function shareOut(
  { store }: Service,
  { id, recipe, counts }: Pick<Build, 'id' | 'recipe'> & { counts: DatasetCounts },
): Promise<void> {
  const splitter = new ImageSplitter(recipe.split);
  const alike = lookAlikeKeys(store, store.lookAlikes.collectionsOf(id));
  for await (const images of pagesOf(store, id))
    for (const image of images) {
      const classes = recipe.split.isStratified ? store.datasetRows.classCounts(image.id) : [];
      splitter.add(
        image,
        alike.get(image.contentHash),
        classes.map(({ classNumber }) => classNumber),
      );
    }
  let some: SplitOf[] = [];
  const save = async () => {
    store.datasetRows.setSplits(some);
    for (const one of some) count(counts, one.split, store.datasetRows.classCounts(one.id));
    some = [];
    await breathe();
  };
  for (const one of splitter.assign()) {
    some.push(one);
    if (some.length === CHUNK) await save();
  }
  await save();
}

function count(
  counts: DatasetCounts,
  split: Split,
  classes: readonly { classNumber: number; masks: number }[],
): void {
  const ofSplit = counts.splits[split];
  counts.images++;
  ofSplit.images++;
  for (const { classNumber, masks } of classes) {
    counts.masks += masks;
    ofSplit.masks += masks;
    const ofClass = counts.classes.find(({ number }) => number === classNumber);
    if (ofClass) ofClass[split] += masks;
  }
}

async function* pagesOf(
  store: Service['store'],
  versionId: DatasetVersionId,
): AsyncGenerator<DatasetImage[]> {
  for (let afterId = 0; ;) {
    const images = store.datasetRows.page({ versionId, afterId, limit: 256 });
    const last = images.at(-1);
    if (!last) return;
    yield images;
    afterId = last.id;
    await breathe();
  }
}
