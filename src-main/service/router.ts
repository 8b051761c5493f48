import { implement } from '@orpc/server';
import { contract } from '../contract/contract.ts';
import { outputFile } from '../jobs/output-files.ts';
import { userError } from '../contract/errors.ts';
import { givenPath } from '../domain/given-path.ts';
import { collectionHandlers } from './collections.ts';
import { datasetLookHandlers } from './dataset-look.ts';
import { datasetHandlers } from './datasets.ts';
import { previewDataset } from './dataset-preview.ts';
import { maskImportHandlers } from './mask-imports.ts';
import { runDoctor } from './doctor.ts';
import { exportHandlers } from './exports.ts';
import { listFolder } from './folder-listing.ts';
import { modelHandlers } from './models.ts';
import { runHandlers } from './runs.ts';
import { addSample } from './sample.ts';
import { conceptHandlers } from './concepts.ts';
import { evaluate } from './evaluation.ts';
import { hasCalibratedScores } from '../contract/likely-right.ts';
import { answerClicks } from './clicks.ts';
import { exportHead, headTeachers, writeHeat } from './foreground-heads.ts';
import { lookAlikeHandlers } from './look-alikes.ts';
import { mapHandlers } from './maps.ts';
import { maskHandlers } from './masks.ts';
import { segmentationHandlers } from './segmentations.ts';
import { shardHandlers } from './shards.ts';
import { shardWork } from './shard-work.ts';
import { healthHandlers } from './health.ts';
import { proposalHandlers } from './proposals.ts';
import { foregroundProposalHandlers } from './foreground-proposals.ts';
import { reviewQueueHandlers } from './review-queue.ts';
import { similarHandlers } from './similar.ts';
import { tagHandlers } from './tags.ts';
import { sheetFile, writeSheet } from './sheet.ts';
import { pathOf, reveal } from './reveal.ts';
import type { Service } from './service.ts';
import { emptyCaches, storageUse } from './storage-use.ts';
import { toWireError } from './wire-error.ts';

/** The contract carried out on a service: what every transport serves. */
export function createRouter(service: Service) {
  const { store, queue } = service;
  const collections = collectionHandlers(service);
  const datasets = datasetHandlers(service);
  const datasetLook = datasetLookHandlers(service);
  const exports = exportHandlers(service);
  const maskImports = maskImportHandlers(service);
  const models = modelHandlers(service);
  const runs = runHandlers(service);
  const segmentations = segmentationHandlers(service);
  const shards = shardHandlers(service);
  const shard = shardWork(service, segmentations);
  const concepts = conceptHandlers(service);
  const masks = maskHandlers(service);
  const similar = similarHandlers(service);
  const tags = tagHandlers(service);
  const lookAlikes = lookAlikeHandlers(service);
  const proposals = proposalHandlers(service);
  const foregrounds = foregroundProposalHandlers(service);
  const maps = mapHandlers(service);
  const health = healthHandlers(service);
  const reviewQueue = reviewQueueHandlers(service);
  const os = implement(contract).use(async ({ next, path }) => {
    try {
      return await next();
    } catch (error) {
      throw toWireError(error, path.join('.'), service.options.logger);
    }
  });

  return os.router({
    collections: {
      list: os.collections.list.handler(() => store.collections.list()),
      get: os.collections.get.handler(({ input }) => collections.get(input.id)),
      add: os.collections.add.handler(({ input }) => collections.add(input)),
      addSample: os.collections.addSample.handler(() => addSample(service)),
      move: os.collections.move.handler(({ input }) => collections.move(input)),
      rename: os.collections.rename.handler(({ input }) => collections.rename(input.id, input.name)),
      setBrightness: os.collections.setBrightness.handler(({ input }) => collections.setBrightness(input)),
      rescan: os.collections.rescan.handler(({ input }) => collections.rescan(input)),
      remove: os.collections.remove.handler(({ input }) => collections.remove(input.id)),
      duplicates: os.collections.duplicates.handler(({ input: { id, cursor, limit } }) => {
        collections.get(id);
        return store.images.duplicates({ collectionId: id, cursor, limit });
      }),
      problems: os.collections.problems.handler(({ input }) => {
        collections.get(input.id);
        return store.images.problems(input.id);
      }),
    },
    images: {
      page: os.images.page.handler(({ input }) => {
        collections.get(input.collectionId);
        return store.images.page(input);
      }),
      get: os.images.get.handler(({ input }) => {
        const image = store.images.get(input.id);
        if (!image) throw userError('no-image', { id: input.id });
        return image;
      }),
      ids: os.images.ids.handler(({ input }) => {
        collections.get(input.collectionId);
        return store.images.ids(input);
      }),
      many: os.images.many.handler(({ input }) => store.images.many(input.ids)),
    },
    tags: {
      list: os.tags.list.handler(({ input }) => tags.list(collections.get(input.collectionId).id)),
      ofImages: os.tags.ofImages.handler(({ input }) => tags.ofImages(input.imageIds)),
      change: os.tags.change.handler(({ input }) => tags.change(input)),
    },
    jobs: {
      page: os.jobs.page.handler(({ input }) => queue.page(input)),
      get: os.jobs.get.handler(({ input }) => queue.get(input.id)),
      cancel: os.jobs.cancel.handler(({ input }) => queue.cancel(input.id)),
      pause: os.jobs.pause.handler(({ input }) => queue.pause(input.id)),
      resume: os.jobs.resume.handler(({ input }) => queue.resume(input.id)),
    },
    segmentations: {
      list: os.segmentations.list.handler(({ input }) => segmentations.list(input.collectionId)),
      get: os.segmentations.get.handler(({ input }) => segmentations.get(input.id)),
      start: os.segmentations.start.handler(({ input }) => segmentations.start(input)),
      resume: os.segmentations.resume.handler(({ input }) => segmentations.resume(input)),
      changes: os.segmentations.changes.handler(({ input }) => segmentations.changes(input.id)),
      rename: os.segmentations.rename.handler(({ input }) => segmentations.rename(input.id, input.name)),
      remove: os.segmentations.remove.handler(({ input }) => segmentations.remove(input.id)),
      galleryIds: os.segmentations.galleryIds.handler(({ input: { id, ...query } }) => {
        const isCalibrated = hasCalibratedScores(segmentations.get(id));
        return store.gallery.ids({ segmentationId: id, isCalibrated, ...query });
      }),
      galleryTiles: os.segmentations.galleryTiles.handler(({ input }) =>
        store.gallery.tiles(input.id, input.imageIds, hasCalibratedScores(segmentations.get(input.id))),
      ),
      evaluate: os.segmentations.evaluate.handler(({ input }) => evaluate(service, input)),
      headTeachers: os.segmentations.headTeachers.handler(({ input }) => headTeachers(service, input.id)),
      writeHeat: os.segmentations.writeHeat.handler(({ input }) => writeHeat(service, input)),
      exportHead: os.segmentations.exportHead.handler(({ input }) => exportHead(service, input)),
      writeSheet: os.segmentations.writeSheet.handler(({ input }) => writeSheet(service, input)),
    },
    shards: {
      plan: os.shards.plan.handler(({ input }) => segmentations.start(input, 'learning')),
      writeRecipe: os.shards.writeRecipe.handler(({ input }) => shards.writeRecipe(input)),
      open: os.shards.open.handler(({ input }) => shard.open(input)),
      write: os.shards.write.handler(({ input }) => shard.write(input)),
      merge: os.shards.merge.handler(({ input }) => shards.merge(givenPath(input.path))),
    },
    concepts: {
      list: os.concepts.list.handler(({ input }) => concepts.list(input.id)),
      create: os.concepts.create.handler(({ input }) => concepts.create(input)),
      order: os.concepts.order.handler(({ input }) => concepts.order(input)),
      remove: os.concepts.remove.handler(({ input }) => concepts.remove(input.id)),
      update: os.concepts.update.handler(({ input }) => concepts.update(input)),
      masks: os.concepts.masks.handler(({ input: { id, cursor, limit } }) =>
        store.concepts.masks(concepts.get(id).id, cursor, limit),
      ),
    },
    masks: {
      ofImage: os.masks.ofImage.handler(({ input }) => masks.ofImage(input)),
      review: os.masks.review.handler(({ input }) => masks.review(input.ids, input.review)),
      setConcept: os.masks.setConcept.handler(({ input }) => masks.setConcept(input.ids, input.conceptId)),
      history: os.masks.history.handler(({ input }) => masks.history(input)),
      reviewProgress: os.masks.reviewProgress.handler(({ input }) => masks.reviewProgress(input.id)),
      acceptLikelyRight: os.masks.acceptLikelyRight.handler(({ input }) => masks.acceptLikelyRight(input.id)),
      reviewImages: os.masks.reviewImages.handler(({ input }) => masks.reviewImages(input)),
      create: os.masks.create.handler(({ input }) => masks.create(input)),
      edit: os.masks.edit.handler(({ input }) => masks.edit(input)),
      merge: os.masks.merge.handler(({ input }) => masks.merge(input)),
      click: os.masks.click.handler(({ input }) => answerClicks(service, input)),
      split: os.masks.split.handler(({ input }) => masks.split(input)),
      remove: os.masks.remove.handler(({ input }) => masks.remove(input.ids)),
      undo: os.masks.undo.handler(({ input }) => masks.undo(input)),
      redo: os.masks.redo.handler(({ input }) => masks.redo(input)),
      arrange: os.masks.arrange.handler(({ input }) => masks.arrange(input.ids, input.to)),
      steps: os.masks.steps.handler(({ input }) => masks.steps(input)),
      goToStep: os.masks.goToStep.handler(({ input: { stepId, ...key } }) => masks.goToStep(key, stepId)),
      undoBatch: os.masks.undoBatch.handler(({ input }) => masks.undoBatch(input.batch)),
      redoBatch: os.masks.redoBatch.handler(({ input }) => masks.redoBatch(input.batch)),
    },
    similar: {
      state: os.similar.state.handler(({ input }) => similar.state(input.id)),
      describe: os.similar.describe.handler(({ input }) => similar.describe(input.id)),
      images: os.similar.images.handler(({ input }) => similar.images(input.id, input.imageId, input.limit)),
      objects: os.similar.objects.handler(({ input }) => similar.objects(input.maskId, input.limit)),
    },
    lookAlikes: {
      state: os.lookAlikes.state.handler(({ input }) => lookAlikes.state(input.id)),
      compare: os.lookAlikes.compare.handler(({ input }) => lookAlikes.compare(input.id)),
      groups: os.lookAlikes.groups.handler(({ input }) => lookAlikes.groups(input)),
      keepBest: os.lookAlikes.keepBest.handler(({ input }) => lookAlikes.keepBest(input)),
      setHidden: os.lookAlikes.setHidden.handler(({ input }) =>
        lookAlikes.setHidden(input.imageIds, input.isHidden),
      ),
      undoHide: os.lookAlikes.undoHide.handler(({ input }) => lookAlikes.undoHide(input.step)),
      leaks: os.lookAlikes.leaks.handler(({ input }) => lookAlikes.leaks(input.id)),
    },
    reviewQueue: {
      get: os.reviewQueue.get.handler(({ input }) => reviewQueue.get(input.id)),
      advance: os.reviewQueue.advance.handler(({ input, signal }) =>
        reviewQueue.advance(input.id, input.count, signal),
      ),
    },
    health: {
      check: os.health.check.handler(({ input, signal }) => health.check(input.id, signal)),
      progress: os.health.progress.handler(({ input }) => health.progress(input.id)),
      get: os.health.get.handler(({ input }) => health.get(input.id)),
      list: os.health.list.handler(({ input }) => health.list(input.id, input.list, input.limit)),
    },
    proposals: {
      make: os.proposals.make.handler(({ input, signal }) => proposals.make(input.id, signal)),
      get: os.proposals.get.handler(({ input }) => proposals.get(input.id)),
      masks: os.proposals.masks.handler(({ input }) => proposals.masks(input.id, input.part, input.limit)),
      apply: os.proposals.apply.handler(({ input }) => proposals.apply(input.id, input.part, input.except)),
      discard: os.proposals.discard.handler(({ input }) => proposals.discard(input.id)),
    },
    foregrounds: {
      state: os.foregrounds.state.handler(({ input }) => foregrounds.state(input.id)),
      make: os.foregrounds.make.handler(({ input }) => foregrounds.make(input.id)),
      images: os.foregrounds.images.handler(({ input }) => foregrounds.images(input.id, input.limit)),
      apply: os.foregrounds.apply.handler(({ input }) => foregrounds.apply(input.id, input.except)),
      discard: os.foregrounds.discard.handler(({ input }) => foregrounds.discard(input.id)),
    },
    maps: {
      state: os.maps.state.handler(({ input }) => maps.state(input.id)),
      layOut: os.maps.layOut.handler(({ input }) => maps.layOut(input.id)),
      points: os.maps.points.handler(({ input: { id, ...query } }) => maps.points(id, query)),
      objects: os.maps.objects.handler(({ input }) => maps.objects(input.id, input.ids)),
      write: os.maps.write.handler(({ input }) => maps.write(input)),
    },
    models: {
      list: os.models.list.handler(() => store.models.list()),
      get: os.models.get.handler(({ input }) => models.get(input.id)),
      import: os.models.import.handler(({ input }) => models.import(input)),
      inspect: os.models.inspect.handler(({ input }) => models.inspect(input)),
      published: os.models.published.handler(() => service.downloads.list()),
      download: os.models.download.handler(({ input }) => service.downloads.start(input.name)),
      stopDownload: os.models.stopDownload.handler(({ input }) => service.downloads.stop(input)),
      addUntrained: os.models.addUntrained.handler(({ input }) => models.addUntrained(input)),
      export: os.models.export.handler(({ input }) => models.export(input)),
      rename: os.models.rename.handler(({ input }) => models.rename(input.id, input.name)),
      remove: os.models.remove.handler(({ input }) => models.remove(input.id)),
    },
    datasets: {
      list: os.datasets.list.handler(() => datasets.list()),
      version: os.datasets.version.handler(({ input }) => datasets.version(input.id)),
      create: os.datasets.create.handler(({ input }) => datasets.create(input)),
      preview: os.datasets.preview.handler(({ input, signal }) =>
        previewDataset(service, input.recipe, signal),
      ),
      contents: os.datasets.contents.handler(({ input }) => datasets.contents(input)),
      candidates: os.datasets.candidates.handler(({ input }) => datasetLook.candidates(input)),
      candidateHistograms: os.datasets.candidateHistograms.handler(({ input, signal }) =>
        datasetLook.candidateHistograms(input.recipe, signal),
      ),
      histograms: os.datasets.histograms.handler(({ input, signal }) =>
        datasetLook.histograms(datasets.version(input.id).id, signal),
      ),
      diff: os.datasets.diff.handler(({ input }) => datasets.diff(input)),
      remove: os.datasets.remove.handler(({ input }) => datasets.remove(input.id)),
    },
    exports: {
      start: os.exports.start.handler(({ input }) => exports.start(input.versionId, input.options)),
      get: os.exports.get.handler(({ input }) => exports.get(input.id)),
      ofVersion: os.exports.ofVersion.handler(({ input }) => exports.ofVersion(input.versionId)),
      suggestPath: os.exports.suggestPath.handler(({ input }) =>
        exports.suggestPath(input.versionId, input.format),
      ),
    },
    maskImports: {
      start: os.maskImports.start.handler(({ input }) => maskImports.start(input)),
      get: os.maskImports.get.handler(({ input }) => maskImports.get(input.id)),
      images: os.maskImports.images.handler(({ input }) => maskImports.images(input)),
    },
    runs: {
      plan: os.runs.plan.handler(({ input }) => runs.plan(input)),
      start: os.runs.start.handler(({ input }) => runs.start(input)),
      list: os.runs.list.handler(({ input }) => runs.list(input.collectionId)),
      get: os.runs.get.handler(({ input }) => runs.get(input.id)),
      curves: os.runs.curves.handler(({ input: { id, ...query } }) =>
        store.runs.curves(runs.get(id).id, query),
      ),
      previews: os.runs.previews.handler(({ input }) => store.runs.previews(runs.get(input.id).id)),
      writePreviews: os.runs.writePreviews.handler(({ input }) => runs.writePreviews(input)),
      resume: os.runs.resume.handler(({ input }) => runs.resume(input)),
      take: os.runs.take.handler(({ input }) => runs.take(input)),
      extend: os.runs.extend.handler(({ input }) => runs.extend(input)),
      keepBest: os.runs.keepBest.handler(({ input }) => runs.keepBest(input)),
      rename: os.runs.rename.handler(({ input }) => runs.rename(input.id, input.name)),
      remove: os.runs.remove.handler(({ input }) => runs.remove(input.id)),
    },
    pairing: {
      list: os.pairing.list.handler(() => service.pairing.list()),
      offer: os.pairing.offer.handler(({ input }) => service.pairing.offer(input.name)),
      remove: os.pairing.remove.handler(({ input }) => service.pairing.remove(input.name)),
    },
    settings: {
      get: os.settings.get.handler(() => service.settings()),
      update: os.settings.update.handler(({ input }) => service.updateSettings(input)),
    },
    system: {
      folder: os.system.folder.handler(({ input }) => listFolder(input.path)),
      info: os.system.info.handler(() => service.info()),
      devices: os.system.devices.handler(async () => (await service.probe()).devices),
      doctor: os.system.doctor.handler(() =>
        runDoctor({ dataFolder: service.layout.folder, probe: () => service.probe() }),
      ),
      storage: os.system.storage.handler(() => storageUse(service.layout)),
      emptyCaches: os.system.emptyCaches.handler(() => emptyCaches(service.layout)),
      checkOutput: os.system.checkOutput.handler(({ input }) => ({
        path: (input.isSheet ? sheetFile : outputFile)(service, input.path, input),
      })),
      reveal: os.system.reveal.handler(({ input }) => reveal(service, input)),
      locate: os.system.locate.handler(({ input }) => ({ path: pathOf(service, input) })),
    },
    view: {
      get: os.view.get.handler(() => service.viewState()),
      remember: os.view.remember.handler(({ input }) => service.rememberView(input)),
    },
    events: {
      watch: os.events.watch.handler(({ signal }) =>
        service.events.subscribe('event', signal ? { signal } : {}),
      ),
    },
  });
}
